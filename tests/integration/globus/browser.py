"""A person at the login page: reads the form as a browser does, fills it in and sends it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx


class Form(HTMLParser):
    """The inputs of the page's form with their values, its address, and the choices of identity."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.identities: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a browser would send."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = named["action"]
        if tag != "input":
            return
        if named["type"] == "radio":
            self.identities.append(named["value"])
            if "checked" not in named:
                return
        self.fields[named["name"]] = named["value"]


def open_page(browser: httpx.Client, authorize_url: str) -> Form:
    """The form of the login page."""
    reply = browser.get(authorize_url)
    reply.raise_for_status()
    return Form(reply.text)


def send(browser: httpx.Client, authorize_url: str, form: Form, **changes: str) -> httpx.Response:
    """Send the form with some fields changed; the reply is where the browser is sent, not followed."""
    if form.action is None:
        raise ValueError("the page has no form")
    address = urljoin(authorize_url, form.action)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    return browser.post(address, data=form.fields | changes, headers={"Origin": origin})


def log_in(authorize_url: str, name: str) -> str:
    """Log in as this identity, consent, and return the address that the browser is sent to."""
    with httpx.Client() as browser:
        form = open_page(browser, authorize_url)
        if name in form.identities:
            reply = send(browser, authorize_url, form, identity=name, decision="allow")
        else:
            reply = send(browser, authorize_url, form, other=name, decision="allow")
    if reply.status_code != httpx.codes.SEE_OTHER:
        raise ValueError(f"the login was refused with {reply.status_code}: {reply.text}")
    return reply.headers["location"]


def code_from_page(authorize_url: str, name: str) -> str:
    """Log in and read the code off the page that shows it, as a person does who copies it."""
    with httpx.Client() as browser:
        reply = browser.get(log_in(authorize_url, name))
        reply.raise_for_status()
    return Form(reply.text).fields["code"]


def parameters_of(address: str) -> dict[str, str]:
    """The query parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
