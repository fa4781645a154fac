"""A site that refuses what other sites have its users send."""

import tornado.web


class Form(tornado.web.RequestHandler):
    def get(self):
        self.write(self.xsrf_form_html())

    def post(self):
        self.write("posted")

    put = patch = delete = post


class Open(Form):
    """Is for everybody."""

    def check_xsrf_cookie(self):
        pass

    def check_trusted_origin(self, origin):
        return True


class Known(Form):
    def get_current_user(self):
        return "mary"


@tornado.web.stream_request_body
class Streamed(Form):
    def data_received(self, chunk):
        pass


class Missing(tornado.web.RequestHandler):
    def prepare(self):
        raise tornado.web.HTTPError(404)


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/form", Form),
            (r"/open", Open),
            (r"/known", Known),
            (r"/streamed", Streamed),
            (r"/missing", Missing),
        ],
        xsrf_cookies=True,
    )
