# SPDX-License-Identifier: GPL-3.0-or-later
"""A page as a browser reads it: nothing in it is live but our own links, forms and style sheet."""

from __future__ import annotations

from html.parser import HTMLParser

from bouncestream.dashboard.frame import STYLE

#: Texts of strangers that would do something in a page that does not escape them.
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    '" onmouseover="alert(1)',
    "</title></style></textarea><iframe src=//evil.example>",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>550 click</a>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input name=token>",
    "<style>*{display:none}</style>",
    "<!--",
    "]]><x>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<script\x00>alert(1)</script>",
    "\u202egpj.exe <b>\u2066",
    "\ud83d\ude00 <i>",
    "{{constructor.constructor('alert(1)')()}}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\r\nSet-Cookie: x=1\r\n\r\n<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
)

_TAGS = frozenset({
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "nav", "ul", "ol", "li", "main",
    "footer", "span", "p", "h1", "h2", "h3", "section", "article", "dl", "dt", "dd", "small", "time", "code",
    "pre", "table", "caption", "thead", "tbody", "tr", "th", "td", "form", "input", "button", "label", "select",
    "option", "svg", "rect", "mark", "details", "summary", "strong"
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "aria-label", "aria-current",
    "aria-hidden", "role", "method", "action", "type", "value", "required", "autofocus", "autocomplete",
    "spellcheck", "datetime", "title", "scope", "tabindex", "viewbox", "preserveaspectratio", "x", "y", "width",
    "height", "rx", "selected", "maxlength", "open", "for", "aria-describedby", "rel", "min", "max",
    "placeholder"
})  # fmt: skip
_VOID = frozenset({"meta", "input", "rect"})


class Page(HTMLParser):
    """The parsed page; raises AssertionError for whatever is not of ours."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []  #: the text that is shown, in pieces
        self.links: list[str] = []
        self.headings: list[int] = []
        self.forms: list[dict[str, str]] = []  #: the fields of each form
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {self._open}"
        assert len(self.ids) == len(set(self.ids)), "an id stands twice"

    @property
    def text(self) -> str:
        """The text that is shown."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS, f"<{tag}>"
        given = {name: value or "" for name, value in attrs}
        assert given.keys() <= _ATTRIBUTES, f"<{tag} {given.keys() - _ATTRIBUTES}>"
        for name in ("href", "action"):
            if name in given:
                place = given[name]
                assert place.startswith(("/", "#")), f"{name}={place}"
                assert not place.startswith(("//", "/\\")), f"{name}={place}"
                self.links.append(place)
        if given.get("http-equiv"):
            assert given == {"http-equiv": "refresh", "content": "30"}
        if "id" in given:
            self.ids.append(given["id"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "form":
            assert given["method"] in ("post", "get")
            self.forms.append({"action": given["action"], "method": given["method"]})
        elif tag == "input" and self.forms:
            self.forms[-1][given["name"]] = given.get("value", "")
        if tag not in _VOID and "/" not in given:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "style":
            assert data == STYLE, "a style sheet that is not ours"
        elif inside == "option":
            pass
        elif inside != "title":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")
