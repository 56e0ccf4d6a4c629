"""How Faust's own producer speaks to the broker; all other clients take :meth:`agents.settings.Settings.client`."""

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from agents.settings import Security


def credentials(security: Security) -> Credentials | None:
    """Return what Faust calls the credentials of a broker, None where it wants none.

    The producer sends nothing, but Faust starts it with the worker, and without these a secured broker turns it away.
    """
    context = security.client().get("ssl_context")
    if security.protocol.startswith("SASL"):
        return SASLCredentials(
            username=security.sasl_username, password=security.sasl_password, ssl_context=context,
            mechanism=security.sasl_mechanism,
        )  # fmt: skip
    return SSLCredentials(context) if context is not None else None
