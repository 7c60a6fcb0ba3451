"""mq-bridge's routes, as the JSON file given says, until standard input ends."""

import json
import sys

from mq_bridge import Route

with open(sys.argv[1]) as file:
    routes = [Route.from_config(route) for route in json.load(file)]
for route in routes:
    route.start()
print("ready", flush=True)
sys.stdin.read()
