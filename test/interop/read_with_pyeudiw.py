"""Prints what pyeudiw reads in status lists: for the `status` of each token, as JSON arguments, its value and the list's `sub`."""

import json
import sys

from pyeudiw.status_list.helper import StatusListTokenHelper


def read(status: dict) -> dict:
    status_list = StatusListTokenHelper.from_status(status)
    if status_list.is_expired():
        raise SystemExit("The list has expired.")
    value = status_list.get_status(status["status_list"]["idx"])
    return {"value": value, "sub": status_list.sub}


print(json.dumps([read(json.loads(status)) for status in sys.argv[1:]]))
