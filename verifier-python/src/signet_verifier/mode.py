"""What to do while the token service can't be reached: go on with what is known, or refuse after a while."""

from typing import Literal

Mode = Literal["lenient", "strict"]
