# SPDX-License-Identifier: GPL-3.0-or-later
"""The charsets of mails (RFC 2978, and the names that mail programs use), as Python's codecs.

A name that a mail gives is looked up here, and never handed to `codecs.lookup` as it is: that imports a module by
that name, and remembers each name that it does not know for ever.
"""

from __future__ import annotations

from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

#: Codecs that turn text into text, or read a notation of Python: no mail is written in them, and some take the
#: square of the length (punycode: 24 KB in a minute).
_NO_CHARSETS = frozenset(
    {
        "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "punycode",
        "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap", "unicode_internal",
    }
)  # fmt: skip
#: Charsets that Python knows by one name only, which its table of aliases therefore leaves out.
_SINGLE = frozenset(
    {
        "cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "mac_arabic", "mac_croatian",
        "mac_farsi", "mac_romanian", "palmos", "utf_8_sig",
    }
)  # fmt: skip
#: What mails say, and Python does not know.
_MORE = {
    "ansi_x3_110_1983": "latin_1", "cp_850": "cp850", "iso_8859_8_i": "iso8859_8", "iso_8859_8_e": "iso8859_8",
    "unicode_1_1_utf_7": "utf_7", "windows_874": "cp874", "windows_31j": "cp932", "x_gbk": "gbk",
    "x_sjis": "shift_jis", "x_mac_cyrillic": "mac_cyrillic", "x_euc_jp": "euc_jp",
}  # fmt: skip
#: What is written under the name of a smaller charset (WHATWG Encoding Standard, section 4.2).
WIDER = {
    "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "big5hkscs",
    "tis_620": "cp874", "latin_1": "cp1252",
}  # fmt: skip
_CODECS = (frozenset(aliases.values()) | _SINGLE) - _NO_CHARSETS

_CHINESE = ("邮件", "用户", "地址", "退信", "郵件", "信箱", "使用者")
_JAPANESE = ("メール", "アドレス", "配信", "送信", "宛先")
_RUSSIAN = ("письм", "адрес", "сообщени", "пользовател", "почт", "доставл")
#: Words that a notice in a language always has, by the codecs that it may be written in.
_TOLD_BY = {
    "gb18030": _CHINESE, "big5hkscs": _CHINESE, "cp932": _JAPANESE, "euc_jp": _JAPANESE,
    "cp949": ("메일", "주소", "사용자", "전송"), "koi8_r": _RUSSIAN, "cp1251": _RUSSIAN,
}  # fmt: skip

#: A longer name is none.
_LONGEST = 40


def told_by_words(data: bytes) -> str:
    """The codec in which `data`, whose charset is unknown, has words that notices have; '' where there is none."""
    for codec, words in _TOLD_BY.items():
        text = data[:4000].decode(codec, "ignore").lower()
        if sum(word in text for word in words) > 1:
            return codec
    return ""


@lru_cache(maxsize=256)  # bounded, as strangers choose the names
def charset_of(name: str) -> str:
    """Python's codec for the charset of a mail, by the name in lower case; '' where there is none."""
    if not name.isascii() or len(name) > _LONGEST:
        return ""
    plain = normalize_encoding(name).lower()
    found = _MORE.get(plain) or aliases.get(plain) or aliases.get(plain.replace(".", "_")) or plain
    return found if found in _CODECS else ""
