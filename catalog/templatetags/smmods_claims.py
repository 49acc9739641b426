"""What a page may claim, for templates of every room. `{% load smmods_claims %}{% claim "/account/" as standing %}`."""

from django import template

from catalog import copy

register = template.Library()


@register.simple_tag
def claim(path: str) -> copy.Claim:
    """What the page at `path` may say of its services now."""
    return copy.claim(path)
