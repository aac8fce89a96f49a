"""What a cached file is named by: a hash of the code that makes it, so that edited code never
meets stale results."""
import hashlib
import inspect


def source_key(*modules, also=""):
    h = hashlib.sha256()
    for module in modules:
        h.update(inspect.getsource(module).encode())
    h.update(also.encode())
    return h.hexdigest()[:16]
