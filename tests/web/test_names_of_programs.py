"""Programs that were written for Tornado have attributes of their own, by names that are methods here by now."""

import tornado.web

from tests.web.helpers import Connection
from tornadolike.web import Application, RequestHandler

# What the framework itself sets or reads, as the pages say.
READ = {
    "application",
    "base_handler",
    "cancel_on_disconnect",
    "logged_uri",
    "max_body_size",
    "max_etag_size",
    "middleware",
    "path_args",
    "path_kwargs",
    "request",
}


def names_of(ours, theirs):
    return [name for name in dir(ours) if not hasattr(theirs, name) and name not in READ]


def test_handlers_and_applications_may_have_their_own(serve):
    names = names_of(RequestHandler, tornado.web.RequestHandler)
    names = [name for name in names if not name.startswith("_")]
    assert {"session", "stream", "body_size"} <= set(names)
    application_names = names_of(Application, tornado.web.Application)
    application_names = [name for name in application_names if not name.startswith("_")]
    assert {"background", "run", "static_handler_class"} <= set(application_names)

    class Own(RequestHandler):
        def initialize(self):
            for name in names:
                setattr(self, name, name)

        def get(self):
            self.write({"same": all(getattr(self, name) == name for name in names)})

    class Site(Application):
        def __init__(self, *args):
            for name in application_names:
                setattr(self, name, name)
            super().__init__(*args)

    site = Site([("/", Own)])
    assert all(getattr(site, name) == name for name in application_names)
    with Connection(serve(site)) as client:
        client.send("GET /")
        assert client.receive().json == {"same": True}
