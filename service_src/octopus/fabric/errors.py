"""What can keep a fabric from starting, said so that the reader knows what to do."""


class FabricError(Exception):
    """The fabric can't do what was asked; the message is for the person at the terminal."""


class PortTakenError(FabricError):
    """A port that the fabric needs is held by a process that is not the fabric's."""


class ProcessFailedError(FabricError):
    """A process of the fabric did not come up; the message ends with the last lines of its log."""
