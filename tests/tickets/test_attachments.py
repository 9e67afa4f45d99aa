"""What is taken as an attachment is decided by its first octets, and what it may be called is cleaned."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tickets.attachments import MAX_BYTES, MAX_NAME, RefusedFileError, clean_name, handed_out_as, judge

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 30
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
MSG = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 30
MAIL = b"Return-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\nNo such user.\r\n"


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.png", PNG, "image/png"),
        ("A.PNG", PNG, "image/png"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.gif", b"GIF89a" + b"\x00" * 9, "image/gif"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.pdf", b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        ("a.msg", MSG, "application/vnd.ms-outlook"),
        ("a.eml", MAIL, "message/rfc822"),
        ("a.eml", b"From nobody Wed Mar  4 12:00:00 2026\n" + MAIL, "message/rfc822"),
        ("a.eml", b"\xef\xbb\xbf\r\n" + MAIL, "message/rfc822"),
        ("a.txt", b"550 5.1.1 no such user\r\n", "text/plain; charset=utf-8"),
        ("a.txt", "åäö".encode("latin-1"), "text/plain; charset=utf-8"),
        ("a.txt", "bounce".encode("utf-16"), "text/plain; charset=utf-8"),
        ("a.csv", b"a,b\n1,2\n", "text/plain; charset=utf-8"),
        ("a.csv", "a,b\n".encode("utf-16"), "text/plain; charset=utf-8"),
        ("a.log", b"\x1b[31mred\x1b[0m", "text/plain; charset=utf-8"),
    ],
)
def test_it_is_taken(name: str, content: bytes, content_type: str) -> None:
    judged = judge(upload(name, content))
    assert judged.kind.content_type == content_type
    assert judged.name == name
    assert judged.size == len(content)
    assert judged.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ\x90\x00"),
        ("a.html", b"<script>"),
        ("a.svg", b"<svg onload=x>"),
        ("a", PNG),
        ("a.png", b"MZ\x90\x00\x03"),
        ("a.txt", b"MZ\x90\x00\x03"),
        ("a.txt", MSG),
        ("a.pdf", b"\x00\x01\x02"),
        ("a.zip", b"PK\x03\x04"),
        ("a.csv", b"PK\x03\x04\x00"),
        ("a.csv", "a,b\n".encode("utf-16-le")),
        ("a.png", b""),
    ],
)
def test_it_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(RefusedFileError):
        judge(upload(name, content))


def test_it_is_too_big() -> None:
    big = upload("a.txt", b"x")
    big.size = MAX_BYTES + 1
    with pytest.raises(RefusedFileError):
        judge(big)


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [("a.png", JPEG, "a.png.jpg"), ("a.eml", b"just words\n", "a.eml.txt"), ("a.gif", PNG, "a.gif.png")],
)
def test_a_wrong_ending_gets_the_right_one(name: str, content: bytes, kept: str) -> None:
    assert judge(upload(name, content)).name == kept


def test_it_is_left_at_its_start() -> None:
    file = upload("a.png", PNG)
    judge(file)
    assert file.read() == PNG


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("plain.txt", "plain.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\shot.png", "shot.png"),
        ("a\u202egnp.txt", "agnp.txt"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ('a<b>:"c|?*.txt', "a_b_c_.txt"),
        ("  many   spaces .txt", "many spaces .txt"),
        ("...", "file"),
        ("", "file"),
        ("Å\u030a.txt", "Å\u030a.txt"),
    ],
)
def test_names(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_ending() -> None:
    name = clean_name("x" * 400 + ".png")
    assert len(name) == MAX_NAME
    assert name.endswith(".png")


@pytest.mark.parametrize(
    ("kept", "handed_out"), [("t.csv", "t.csv.txt"), ("T.CSV", "T.CSV.txt"), ("t.txt", "t.txt"), ("t.png", "t.png")]
)
def test_no_spreadsheet_runs_what_a_stranger_wrote(kept: str, handed_out: str) -> None:
    assert handed_out_as(kept) == handed_out
