"""
A project of Django with people in its database. Reads {"name": "password", …} and prints what the project exports: with `json` all that
`dumpdata` says, with `csv` its table of users. Beside the people of the input there are a disabled one, one without a password, and a group.
"""

import csv
import json
import sys

import django
from django.conf import settings

database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
settings.configure(DATABASES={"default": database}, INSTALLED_APPS=apps)
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

PBKDF2PasswordHasher.iterations = 1000
call_command("migrate", verbosity=0)
people = json.loads(sys.stdin.read())
for name, password in people.items():
    # What CSV has to quote.
    User.objects.create_user(name, f"{name}@example.com", password, first_name='O"Neil, Jörg', last_name="two\nlines")
User.objects.create_user("disabled", password=people["ascii"], is_active=False)
User.objects.create_user("nobody")
User.objects.get(username="ascii").groups.add(Group.objects.create(name="editors"))

if sys.argv[1] == "json":
    call_command("dumpdata")
else:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM auth_user")
        rows = csv.writer(sys.stdout)
        rows.writerow(column[0] for column in cursor.description)
        rows.writerows(cursor)
