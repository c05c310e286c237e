"""Taking messages in and nothing else, beside the process that evaluates."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import Future

from fireflower.app.live.database import opener
from fireflower.app.live.handing_on import HandingOn, Progress
from fireflower.app.live.writing import Writer
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.reading import Mappings
from fireflower.history.log.schema import prepare
from fireflower.model.messages import Message, Reject, Said


class Intake:
    """Makes messages durable, and hands them on.

    Parameters
    ----------
    mappings : how messages are read
    to : is connected with the process that evaluates

    Attributes
    ----------
    reached : up to which place of the log that had evaluated everything when it last said so
    """

    def __init__(self, project: Project, mappings: Mappings, to: socket.socket) -> None:
        self.connect = opener(project)
        self._database = self.connect()
        prepare(self._database)
        people = ForgottenPeople(self._database, project.folder / HISTORY_FOLDER)
        self._writer = Writer(self._database, mappings, lambda durable: self._handing_on(durable), people)
        self._handing_on = HandingOn(to, self._writer.followed)
        self.reached = self._writer.followed

    def start(self) -> None:
        """Take messages in from now on."""
        self._writer.start()

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        """Have messages made durable; the future gives how many were new."""
        return self._writer.submit(messages, rejects, said)

    def waiting(self) -> int:
        """About how much waits to be written or evaluated."""
        return self._writer.waiting() + max(0, self._handing_on.place - self.reached)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        writer = self._writer
        return Progress(self._handing_on.place, writer.tally, writer.waiting(), bool(writer.trouble))

    def stop(self) -> None:
        """Make durable what has been submitted, hand it on, and end."""
        self._writer.stop()
        self._database.close()
