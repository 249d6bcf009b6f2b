"""Every file of ``results/`` as a frozen type with ``read()`` and ``write()``."""
