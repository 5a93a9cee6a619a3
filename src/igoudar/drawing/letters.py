"""How wide words are, without a font: bounds of DejaVu Sans, the widest of the families asked for."""

from __future__ import annotations

FAMILIES = "Arial, Helvetica, Liberation Sans, DejaVu Sans, Noto Sans, sans-serif"
BOLD = 0.1  # what a letter is wider by, in em
_MIDDLE = 0.36  # half the height of a capital
_WIDTHS = {
    0.3: "ijlIJ'",
    0.35: ",./:;\\| ·",
    0.4: "ft()-[]",
    0.5: '!r"*_`°²³–',
    0.55: "csz?",
    0.6: "FLkvxy",
    0.65: "$0123456789EPSTYabdeghnopqu{}",
    0.7: "ABCKRVXZ",
    0.8: "&DGHNOQU",
    0.85: "#+<=>^w~×≥→±",
    0.9: "M",
}
_EM = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_WIDEST = 1.02  # of all the others


def width(words: str, size: float, *, bold: bool = False) -> float:
    """An upper bound, in the unit of `size`."""
    return size * sum(_EM.get(letter, _WIDEST) + BOLD * bold for letter in words)


def base_line(middle: float, size: float) -> float:
    """Where words stand whose capitals are centred on `middle`."""
    return middle + _MIDDLE * size


def fit(
    words: str, room: float, sizes: tuple[float, float], *, bold: bool = False, head: bool = False
) -> tuple[str, float]:
    """What of `words` fits into `room`, and in which size: from the larger down to the smaller of `sizes`.

    What is too long even so loses its middle, for names differ at both ends; with `head` its end.
    """
    wanted, least = sizes
    need = width(words, 1.0, bold=bold)
    if need * least <= room:
        return words, min(wanted, room / need) if words else wanted
    for kept in range(len(words) - 1, 1, -1):
        before, after = (kept, 0) if head else ((kept + 1) // 2, kept // 2)
        cut = f"{words[:before].rstrip() if head else words[:before]}…{words[len(words) - after :]}"
        if width(cut, least, bold=bold) <= room:
            return cut, least
    return ("…", least) if width("…", least, bold=bold) <= room else ("", least)
