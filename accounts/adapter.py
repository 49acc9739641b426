"""Where allauth asks this portal: mails, addresses of clients, ways back."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import limits


class AccountAdapter(DefaultAccountAdapter):
    """The portal's answers to allauth's questions."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count."""
        return limits.client_address(request) or "0.0.0.0"
