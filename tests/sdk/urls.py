# Prints `name<TAB>URL` for each option set that is read from standard input, by the official SDK.
import json
import sys

import cloudinary
from cloudinary.utils import cloudinary_url

given = json.load(sys.stdin)
cloudinary.config(**given["cloudinary"])
for one in given["sets"]:
    url, _ = cloudinary_url(one["id"], **one["options"])
    print(f"{one['name']}\t{url}")
