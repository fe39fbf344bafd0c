"""In place of the exported interfaces."""


class Projectors:
    pass
