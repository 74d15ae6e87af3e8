"""
Reads {"name of a password": "password", …} and prints for each form and password a line {"form", "password", "hash"}, made by the library
that is named. A library that refuses a password has no line for it. The first password costs what a library's default is, the others little.
"""

import json
import sys


def django(password, is_cheap):
    import django.conf
    from django.contrib.auth.hashers import get_hasher

    names = ["PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt"]
    if not django.conf.settings.configured:
        paths = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in names]
        django.conf.settings.configure(PASSWORD_HASHERS=paths)
    for name in ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"]:
        hasher = get_hasher(name)
        cheap = {"iterations": 1000, "rounds": 4, "work_factor": 1024, "memory_cost": 1024, "time_cost": 1}
        for attribute in filter(lambda attribute: is_cheap and hasattr(hasher, attribute), cheap):
            setattr(hasher, attribute, cheap[attribute])
        yield f"django {name}", lambda hasher=hasher: hasher.encode(password, hasher.salt())


def werkzeug(password, is_cheap):
    from werkzeug.security import generate_password_hash

    methods = ["scrypt:1024:8:1", "pbkdf2:sha256:1000"] if is_cheap else ["scrypt", "pbkdf2"]
    for method in [*methods, "pbkdf2:sha512:5000", "scrypt:2048:4:2"]:
        yield f"werkzeug {method}", lambda method=method: generate_password_hash(password, method=method)
    yield "werkzeug, a salt of 8", lambda: generate_password_hash(password, methods[0], salt_length=8)


def argon2(password, is_cheap):
    from argon2 import PasswordHasher, Type

    default = {"time_cost": 1, "memory_cost": 1024} if is_cheap else {}
    yield "argon2-cffi", lambda: PasswordHasher(**default).hash(password)
    for name, kind in {"argon2i": Type.I, "argon2d": Type.D}.items():
        yield f"argon2-cffi {name}", lambda kind=kind: PasswordHasher(2, 1025, 3, 24, 8, type=kind).hash(password)


def bcrypt(password, is_cheap):
    import bcrypt

    rounds = 4 if is_cheap else 12
    yield "bcrypt", lambda: bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()
    yield "bcrypt $2a$", lambda: bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, b"2a")).decode()


def flask_bcrypt(password, is_cheap):
    from flask_bcrypt import Bcrypt

    yield "flask-bcrypt", lambda: Bcrypt().generate_password_hash(password, 4 if is_cheap else None).decode()


def flask_bcrypt_long(password, is_cheap):
    from flask import Flask
    from flask_bcrypt import Bcrypt

    app = Flask("app")
    app.config["BCRYPT_HANDLE_LONG_PASSWORDS"] = True
    yield "flask-bcrypt, long", lambda: Bcrypt(app).generate_password_hash(password, 4 if is_cheap else None).decode()


def passlib(password, is_cheap):
    from passlib import hash

    def made(name, cheapest, **settings):
        rounds = {"rounds": cheapest} if is_cheap else {}
        return lambda: getattr(hash, name).using(**settings, **rounds).hash(password)

    for name in ["pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512"]:
        yield f"passlib {name}", made(name, 1000)
        yield f"passlib ldap_{name}", made(f"ldap_{name}", 1000)
    yield "passlib scrypt", made("scrypt", 10)
    for name in ["bcrypt", "bcrypt_sha256"]:
        yield f"passlib {name}", made(name, 4)
    yield "passlib bcrypt_sha256 v1", lambda: hash.bcrypt_sha256.using(version=1, rounds=4).hash(password)
    # Its default is 2^19.
    for ident in "PH":
        yield f"passlib phpass ${ident}$", lambda ident=ident: hash.phpass.using(ident=ident, rounds=13).hash(password)
    # Salts whose base64 is made of what the alphabets differ in.
    salt = b"\xfb\xef\xbe\xff" * 4
    for name in ["pbkdf2_sha256", "ldap_pbkdf2_sha256", "scrypt"]:
        yield f"passlib {name}, + and /", lambda name=name: getattr(hash, name).using(salt=salt, rounds=10).hash(password)


libraries = [django, werkzeug, argon2, bcrypt, flask_bcrypt, flask_bcrypt_long, passlib]
library = next(library for library in libraries if library.__name__ == sys.argv[1])
for index, (label, password) in enumerate(json.loads(sys.stdin.read()).items()):
    for form, make in library(password, index > 0):
        try:
            print(json.dumps({"form": form, "password": label, "hash": make()}))
        except ValueError as error:
            # bcrypt refuses more than 72 bytes.
            print(f"{form}: {label}: {error}", file=sys.stderr)
