"""fireflower: product-qualified leads from a product's own data."""

__version__ = "0.1.0"
