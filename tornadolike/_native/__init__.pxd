"""Who owns what in the native core, and for how long. To be read before anything is changed here.

Each room says of its own objects who owns them. This is about what lies between the rooms: pointers to what somebody
else owns. There are few kinds of them, and each is safe for one reason only; whoever changes the code has to know it.

The way of a request
--------------------
The loop polls (reactor.pyx), and finds in an array of *borrowed* pointers the watcher of each descriptor that is ready.
A dict owns the watchers; both change together. The watcher of a connection is a ``Lane`` (lane.pyx).

The lane receives into the **room**, one piece of memory for all connections of a server, which their ``Site`` owns. The
lane that is at work is the site's ``owner`` until it has come to the end of what is in the room. ``scan_head`` makes no
objects: what it says are places in the room. The fields of the head become a ``Section``, which owns a copy of its
bytes, never changes, and is shared by all requests that have the same.

A ``HotRequest`` *borrows* its target from the room. While it is served, in the call that brought it, the room is left
alone. Behind that call the lane asks whether somebody still has the request (by its reference count), and if so has it
``keep()`` its target, in bytes of its own. So before the room gets other bytes nobody points into it any more.

The dispatcher finds the handler's class by the bytes of the path (ways.pyx: a table that points into bytes which a list
beside it owns), makes a ``HotHandler`` and has it run. The handler owns its request by a reference, the request its
connection, the connection its request until that is answered. Nobody below knows the handler, so all three go when the
last of them is let go of, without the garbage collector.

The answer is written into the ``Outgoing`` of the site, which owns that memory; everybody finds his place in it by
number, for it moves when it grows. A large body is not copied: the handler has it until ``sendmsg`` is back, and what
the kernel did not take is copied then. One call sends the answers to all that came in one wake-up.

Then the request is **used again** for the next one, if nobody else has it, weakly neither, and nobody has set anything
on it. So are the handler, as long as there are requests in the room (handler.pyx), handles that have run (handles.pyx),
and the task of a coroutine that has ended at once (driver.pyx). Of each the rule is the same: it has to be such that
nobody can tell it from a new one, and whoever cannot be certain lets go of it. What it held is dropped *before* it is
put back, as that may run code of the author's.

What is known by a number
-------------------------
What is in a ``Plan`` (of a class of handlers) and in ``Facts`` (of an application) is borrowed too, for no class and no
application should live on because something is known of it. It is good for one *version* of a class or of a dict, a
number which the interpreter gives to each state and never twice (c/types.h, c/versions.h). As long as it is the same,
what they point to is still there. So it is compared before each use, and **again behind each call of anybody's code**;
and what is to be called is made a reference of ours first.

What may happen in the middle
-----------------------------
Code of the author's runs in the middle of all this, and not only where a handler is called. A hook, a property, a
subclass of ``str`` that compares, the ``__del__`` of whatever goes with an object that we let go of, a log handler, the
collector that has just now decided to look: all of them may

* run the loop, so that other connections have something to read. A lane that finds the site owned by another does not
  touch the room: it leaves the lane, and becomes the general connection, which has a buffer of its own;
* finish the response of another connection. That is written behind the owner's answers and sent from there at once, and
  the buffer is as it was;
* close, detach, stream or abort the connection that is being served. It leaves the lane: what was not served and what
  was not sent is taken out, and the owner, when it goes on, finds that it has left (``mode``);
* finish the request that is being finished, and change the handler in whatever way: status, headers, body, class;
* raise, what an author may raise and what ends a loop (``KeyboardInterrupt``, ``SystemExit``, ``CancelledError``);
* close the loop, forget a watcher and have another for the same descriptor, cancel a handle that is being run.

Other threads run whenever Python code does, and where the lock is given away: in a poll that blocks, and nowhere else.

The rules
---------
1. No pointer into the room, into an ``Outgoing`` or into another object is used behind a call that may run Python code,
   except by its owner, who looks whether it is its still. A pointer into bytes or a text: beside a reference to it.
2. State is read anew behind each such call. What was decided before it is not decided any more.
3. A request that borrows is told to ``keep()`` before its owner lets anybody else have the room.
4. First out of the memory, then out of life: what is dropped is not reachable any more when its finalizer runs.
5. Everything that can fail says so (``except -1``, ``except *``, or an object), and everybody asks. What is
   ``noexcept`` cannot fail, and if it lets go of something whose end could run code, it does so last.
6. What is done natively is done as a whole, or nothing of it: who answers "no" has changed nothing, and the reference
   begins at the beginning. It is better to leave a case to the reference than to have two behaviours.
7. Whoever owns memory frees it in ``__dealloc__``, and runs no code of anybody's before it is freed. References in
   plain memory are shown to the collector (queues.pyx), or are in a list that is. Objects that own something, or that
   are made for each connection, request or message, are told to counters.pyx.
8. A descriptor has one owner, who leaves the loop's tables before it is closed: numbers are given again at once.
9. Caches are bounded, and compared by content (or by a version), never by address.

What is not in the public API of CPython
----------------------------------------
It stands in few places, each with what is done where it is not to be had:

* c/types.h, c/versions.h: versions of classes and dicts. On an interpreter without them nothing is known for long, and
  everything is asked for each time;
* c/lazydict.h: the place of a ``__dict__``; c/calling.h, c/slots.h: where the slots of Python's classes are, and what a
  class has under a name. That a class has such slots is looked at when the package is imported;
* driver.pyx, at its head: what asyncio keeps of its tasks, and the bytes of a task and of a context. Where one of these
  is not as we know it, ``start_task()`` is used;
* c/contexts.h: where a context has its variables, and whether it is in use. Where that is not so, a context is not used
  again;
* queues.pyx and counters.pyx set ``tp_traverse``, ``tp_clear`` and ``tp_dealloc`` of classes of ours;
* facts.pyx reads what a ``Logger`` remembers of its levels (``_cache``), if it is Python's own, and gives it a
  ``__dict__`` that has versions.

A change to the core
--------------------
* is made in the reference first, and tested there;
* says in its room who owns what is new, and why it is there as long as somebody points to it;
* goes through ``maint/native/sanitize``, ``maint/native/leaks`` and ``python -m tests.native.differential``;
* knows of each call in it whether it can run code of somebody's, and what that could do.

The rooms
---------
=============== ================================================================= ====================================
Room            What it has                                                       Stands for, or before
=============== ================================================================= ====================================
counters        how many objects are alive, in a build for debugging
watching        what a loop calls when a descriptor is ready                      any watcher of ``ioloop.reactor``
reactor         the turn of the loop, the poll, descriptors, timers               ``ioloop.reactor``
queues          what is ready to run, and what waits for its time                 ``deque`` and ``heapq`` there
handles         handles, made and run                                             ``ioloop.handles``
driver          the first step of a coroutine, at once, in a task                 ``ioloop.starting``
scanner         the head of a request, without objects                            ``http1.request_reader``
fields          what a section of fields says, and those that were there before   ``http1.fields``
readers         the reader of requests, of the general connection                 ``http1.request_reader``
headers         the header map                                                    ``httputil.headers``
exchange        what a handler finishes by; made so that it need not know lane
outgoing        the buffer for what leaves
heads           heads of responses                                                ``http1.heads``
lane            the express lane: a connection, and what all of a server share    ``http1connection.express``
laneface        what Python code sees of a lane                                   ``http1connection.express``
request         the request                                                       ``httputil.request``
query           the arguments of a query                                          ``escape.parse_qs_bytes``
digest          the Etag of a body                                                ``hashlib``
jsontext        JSON as ``json.dumps`` writes it                                  ``escape.json_encode``
plans           what a class of handlers has overridden
facts           what an application's attributes say, and its log                 ``web.application``, before it
state           what every handler has, by the names that Python code uses        ``web.head``, ``web.response``
handler         what is done for nearly every request                             ``web.handler``
ways            from the bytes of a path to what is found for it                  ``web.routes``
dispatch        from a request to its handler                                     ``Application.__call__``
accesslog       lines of the access log, and where they wait                      ``accesslog.formats``, ``.batches``
frames          frames of the WebSocket protocol                                  ``websocket.frames``
messages        its messages                                                      ``websocket.protocol``
conversation    its connection, and sending to many                               ``websocket.connection``
responses       heads of responses, for the client                                ``http1.response_heads``
flights         the express lane of the client                                    ``simple_httpclient.flights``
escaping        escaping, and what a template puts a value through                ``template.escaping``, ``.runtime``
=============== ================================================================= ====================================
"""
