import annals

METADATA = annals.About


def touches():
    """Not a projector's."""
