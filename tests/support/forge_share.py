"""Forges a share: forge_share.py FILE NUMBER prints the shares of FILE (custodians.py) with one byte of the value of share
NUMBER changed and every check word made right again, as somebody could who has read keys/share.h."""
import hashlib
import json
import re
import sys

VALUE_AT, CHECK_AT, LINE = 12, 52, 6


def lists():
    """The 256 words of each language, out of the source."""
    with open("keys/words_list.c", encoding="utf-8") as f:
        words = re.findall(r'"(\w+)"', f.read())
    return words[:256], words[256:512]


def times(a, b):
    """In GF(256) modulo x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def check(line, data):
    for i, byte in enumerate(data):
        line ^= times(byte, 2 << i)
    return line


with open(sys.argv[1], encoding="utf-8") as f:
    shares = json.load(f)
share = shares[int(sys.argv[2]) - 1]
words = next(w for w in lists() if share[0].split()[0] in w)
data = bytearray(words.index(w) for line in share for w in line.split()[:LINE])
data[VALUE_AT + 8] ^= 1
data[CHECK_AT:] = hashlib.sha256(data[:CHECK_AT]).digest()[:2]
for i in range(len(share)):
    six = data[i * LINE:(i + 1) * LINE]
    share[i] = " ".join(words[b] for b in [*six, check(i, six)])
json.dump(shares, sys.stdout, ensure_ascii=False)
