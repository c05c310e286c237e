"""What clients ask for besides, answered so that they go on: no flags, no surveys, no recordings."""

from __future__ import annotations

from typing import Any

_CONFIG: dict[str, Any] = {
    "supportedCompression": ["gzip", "gzip-js", "base64"],
    "hasFeatureFlags": False,
    "sessionRecording": False,
    "surveys": False,
    "heatmaps": False,
    "autocapture_opt_out": True,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "isAuthenticated": False,
    "toolbarParams": {},
    "siteApps": [],
}

_FLAGS: dict[str, Any] = {
    **_CONFIG,
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}

_ANSWERS: dict[str, dict[str, Any]] = {
    "/decide": _FLAGS,
    "/flags": _FLAGS,
    "/s": {"status": 1},
    "/i/v1/logs": {},
    "/i/v1/metrics": {},
    "/api/surveys": {"surveys": []},
    "/api/feature_flag/local_evaluation": {"flags": [], "group_type_mapping": {}, "cohorts": {}},
    "/api/early_access_features": {"earlyAccessFeatures": []},
    "/v1/m": {"success": True},
}
"""By path: PostHog's flags, recordings, logs and surveys, and what Segment's clients measure about themselves."""

_SETTINGS = ("/v1/projects/", "/settings")
_ARRAY = "/array/"


def harmless(path: str) -> dict[str, Any] | None:
    """The answer to such a request; None if the path is none of them."""
    if path.startswith(_ARRAY) and path.endswith("/config"):
        return _CONFIG
    return _ANSWERS.get(path)


def settings_key(path: str) -> str | None:
    """The write key for which Segment's browser client asks for its settings; None if the path asks for none."""
    begin, end = _SETTINGS
    key = path[len(begin) : -len(end)] if path.startswith(begin) and path.endswith(end) else ""
    return key if key and "/" not in key else None


def settings(key: str, scheme: str, host: str) -> dict[str, Any]:
    """The settings of Segment's browser client: send everything here, and nothing anywhere else."""
    segment = {
        "apiKey": key,
        "apiHost": f"{host}/v1",
        "protocol": scheme,
        "unbundledIntegrations": [],
        "addBundledMetadata": False,
        "maybeBundledConfigIds": {},
    }
    return {
        "integrations": {"Segment.io": segment},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
