"""Plays the custodians of a key ceremony, a drill or a restore: reads the screen, types the answers.

custodians.py [OPTIONS] -- PROGRAM ARGUMENTS...
  --shares FILE     ceremony: write the copied shares here; drill, restore: the papers they are typed from
  --use 1,3         drill, restore: the custodians' numbers, in the order they come
  --also FILE:2     one more paper, from another file, typed before those of --use (repeatable)
  --slip LINE       type this line of the first paper with two words exchanged before typing it right
  --forget          ceremony: prove the first share wrong once
  --component HEX:KCV  a component and the check value on its paper (twice)
  --place TEXT      where a lone keeper's share goes
  --screen FILE     write all that was on the screen here
  --stop TEXT       go away (end of input) when the screen shows this
  --kill TEXT       kill the program when the screen shows this
  --signal TEXT     send SIGINT when the screen shows this
  --pages DIR       ceremony: the shares come out of a printer, as DIR/page-1, DIR/page-2, ... (socket_printer.py)
  --terminal        a terminal of its own in place of descriptors

Ends as the program does; its standard output and error pass through.
"""
import argparse
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

ENTER = re.compile(r"(Press Enter to go on\.|برای ادامه Enter را بزنید\.)\s*$")
PROVE = re.compile(r"(from the first line to the ninth:|از سطر یکم تا نهم:)\s*$")
LINE = re.compile(r"(?:^|\n)\s*(?:Line|سطر) ([1-9۱-۹]):\s*$")
COMPONENT = re.compile(r"(it is not shown:|دیده نمی‌شود:)\s*$")
KCV = re.compile(r"(Check value on your paper:|عدد بررسی روی کاغذ:)\s*$")
PLACE = re.compile(r"(Where will it be kept\?|کجا نگه داشته می‌شود؟)\s*$")
WORDS = re.compile(r"^([1-9۱-۹])  (\S+(?: \S+){6})$", re.M)
SHARE = re.compile(r"share ([1-9]) of [1-9]: type the last")
ROW = re.compile(r"^ *[1-9] +(\S+(?: +\S+){6})$", re.M)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
ERASE = "\x1b[2J"


class Custodians:
    def __init__(self, o):
        self.o = o
        self.page = ""
        self.screen = ""
        self.copied = []
        self.forgets = o.forget
        self.papers = []
        for also in o.also:
            path, index = also.rsplit(":", 1)
            self.papers.append(paper(path, int(index)))
        if o.use:
            self.papers += [paper(o.shares, int(i)) for i in o.use.split(",")]
        self.typing = -1
        self.slip = o.slip
        self.components = [c.split(":") for c in o.component]

    def see(self, text):
        self.screen += text
        self.page = (self.page + text).rsplit(ERASE, 1)[-1]
        shown = CONTROL.sub("", self.page)
        lines = WORDS.findall(shown)
        if len(lines) == 9:
            share = [words for _, words in lines]
            if share not in self.copied:
                self.copied.append(share)
        return shown

    def answer(self, shown):
        """What to type now, None to wait."""
        if ENTER.search(shown):
            return ""
        if PROVE.search(shown):
            if self.o.pages:
                self.take_pages(int(SHARE.findall(shown)[-1]))
            words = [line.split()[-1] for line in self.copied[-1]]
            if self.forgets:
                self.forgets = False
                words[4] = "آتش" if words[4] != "آتش" else "آجر"
            return " ".join(words)
        if COMPONENT.search(shown):
            return self.components[0][0] if self.components else EOFError
        if KCV.search(shown):
            return self.components.pop(0)[1]
        if PLACE.search(shown):
            return self.o.place
        line = LINE.search(shown)
        return self.line(int(line.group(1)) - 1) if line else None

    def take_pages(self, index):
        """The custodians read what lies in the tray; a job may have ended a moment before its paper lies there."""
        while len(self.copied) < index:
            page = "%s/page-%d" % (self.o.pages, len(self.copied) + 1)
            end = time.monotonic() + 60
            while not os.path.exists(page) and time.monotonic() < end:
                time.sleep(0.05)
            text = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, check=True, text=True).stdout
            self.copied.append([" ".join(row.split()) for row in ROW.findall(text)])

    def line(self, i):
        if i == 0:
            self.typing += 1
        if self.typing >= len(self.papers):
            return EOFError
        words = self.papers[self.typing][i].split()
        if self.typing == 0 and self.slip == i + 1:
            self.slip = 0
            if i == 0:
                self.typing -= 1
            a = next(k for k in range(1, 6) if words[k] != words[0])
            words[0], words[a] = words[a], words[0]
        return " ".join(words)


def paper(path, index):
    with open(path, encoding="utf-8") as f:
        return json.load(f)[index - 1]


def start(argv, terminal):
    """The program, and where its screen is read and its answers are written."""
    if terminal:
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(argv[0], argv)
        return pid, fd, fd
    screen_in, screen_out = os.pipe()
    answers_in, answers_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        for fd in (screen_out, answers_in):
            os.set_inheritable(fd, True)
        os.execv(argv[0], argv + ["--screen-fd", str(screen_out), "--answers-fd", str(answers_in)])
    os.close(screen_out)
    os.close(answers_in)
    return pid, screen_in, answers_out


def main():
    p = argparse.ArgumentParser()
    for name in ("shares", "use", "place", "screen", "stop", "kill", "signal", "pages"):
        p.add_argument("--" + name)
    p.add_argument("--also", action="append", default=[])
    p.add_argument("--component", action="append", default=[])
    p.add_argument("--slip", type=int, default=0)
    p.add_argument("--forget", action="store_true")
    p.add_argument("--terminal", action="store_true")
    p.add_argument("argv", nargs=argparse.REMAINDER)
    o = p.parse_args()
    play = Custodians(o)
    pid, screen, answers = start(o.argv[1:], o.terminal)
    pending = b""
    while True:
        ready = select.select([screen], [], [], 120)[0]
        try:
            got = os.read(screen, 65536) if ready else b""
        except OSError:
            got = b""
        if not got:
            break
        pending += got
        text = pending.decode("utf-8", "ignore")
        pending = pending[len(text.encode()):]
        shown = play.see(text)
        if o.kill and o.kill in shown:
            os.kill(pid, signal.SIGKILL)
            break
        if o.signal and o.signal in shown:
            os.kill(pid, signal.SIGINT)
            o.signal = None
            continue
        if o.stop and o.stop in shown:
            os.close(answers)
            answers = None
            o.stop = None
            continue
        said = play.answer(shown) if answers is not None else None
        if said is EOFError:
            os.close(answers)
            answers = None
        elif said is not None:
            play.page = ""
            try:
                os.write(answers, (said + "\n").encode())
            except BrokenPipeError:
                pass
    status = os.waitpid(pid, 0)[1]
    if o.shares and play.copied and not o.use:
        with open(o.shares, "w", encoding="utf-8") as f:
            json.dump(play.copied, f, ensure_ascii=False)
    if o.screen:
        with open(o.screen, "w", encoding="utf-8") as f:
            f.write(play.screen)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


main()
