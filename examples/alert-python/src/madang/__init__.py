"""What the alert context is built on: a twin of the consumer in `crates/platform`, in Python.

It runs the platform's own Lua scripts on the platform's own keys, so that a context can change hands
between the two languages at any event. README.md says what it leaves out.
"""
