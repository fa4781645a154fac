"""Workers in production: processes that serve one application on the same sockets, and one that looks after them."""
