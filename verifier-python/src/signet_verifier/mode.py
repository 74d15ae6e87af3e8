"""
What to do while the token service can't be reached.

`lenient` goes on with what is known; `strict` refuses once that is older than `max_staleness`.
"""

from typing import Literal

Mode = Literal["lenient", "strict"]
