"""Serves Keystone on a free port of 127.0.0.1, and says which. OS_KEYSTONE_CONFIG_FILES names its
settings."""

from keystone.server.wsgi import initialize_public_application
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, initialize_public_application(), threaded=True)
print(f"keystone serves on port {server.port}", flush=True)
server.serve_forever()
