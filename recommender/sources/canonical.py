"""The canonical flow: the one relation that every source turns its records into.

Columns of the relation, one row a record that was understood:

===============  =========  ====================================================================
column           type       meaning
===============  =========  ====================================================================
``line``         BIGINT     line in the file, from 1
``start``        TIMESTAMP  when the record was made, UTC
``until``        TIMESTAMP  when what it stands for ended; null: at its start
``src_ip``       VARCHAR    packet source address, as written; may be null
``dst_ip``       VARCHAR    packet destination address
``src_port``     INTEGER    packet source port, 0 where there is none
``dst_port``     INTEGER    packet destination port
``protocol``     VARCHAR    ``TCP``, ``UDP``, ``SCTP``, ``ICMP``, ``ICMPv6``
``verdict``      VARCHAR    ``accepted``, ``denied``, ``audit`` or ``unknown``
``aside``        VARCHAR    why the record makes no edge, null where it may make one
``reply``        BOOLEAN    whether the packet answers its connection's opener; null: unknown
``signs``        INTEGER    bits of :class:`Sign`
``src``, ``dst`` VARCHAR    identity of the ends as the log wrote it; the source decodes it
``observer``     VARCHAR    who reported the record
``direction``    VARCHAR    ``INGRESS``, ``EGRESS`` or empty
``count``        BIGINT     connections that the record stands for (1, or an aggregate's count)
``bytes``        BIGINT     bytes, 0 where the log does not say
===============  =========  ====================================================================

Further columns carry what only some records have: ``malformed`` (why the line is no record; then
nothing else is set), ``lost`` and ``lost_source`` (events the producer lost), ``names_of_src``,
``names_of_dst``, ``dns_query`` and ``dns_answers`` (DNS names seen).
"""

from __future__ import annotations

from enum import IntFlag
from typing import Final

#: ``aside`` of a row that stands for a line that is no record at all, such as a header.
NO_RECORD: Final = "no-record"
#: ``lost_source`` of records that the cloud could not log; each stands for one window.
SKIPPED: Final = "SKIPDATA"


class Sign(IntFlag):
    """What a record shows about its connection, as bits that are or-ed over records."""

    #: TCP SYN without ACK: the sender opens the connection.
    SYN = 1
    #: TCP SYN with ACK: the sender was called.
    SYN_ACK = 2
    #: A packet of an open connection, or one of a protocol without handshake.
    DATA = 4
    #: TCP RST.
    RESET = 8
    #: ICMP echo request.
    REQUEST = 16
    #: ICMP echo reply or error.
    RESPONSE = 32
    #: Seen by the datapath on its way (not only judged by a policy).
    TRACE = 64
    #: Judged by a policy when the connection was opened.
    VERDICT = 128
    #: Seen by a proxy at layer 7.
    LAYER7 = 256
    #: Re-sent by a node, without connection state: the true ends may be hidden.
    FORWARDED = 512
    #: Aggregated by the exporter; the record stands for several.
    AGGREGATED = 1024
    #: No reply flag although the format of the record has none but ``reply: true``.
    NO_LEGACY_REPLY = 2048
    #: The record has no time.
    NO_TIME = 4096
    #: Reply flag given as false on a SYN+ACK: the producer's flag cannot be trusted.
    CONTRADICTION = 8192
    #: Judged by a cloud's own filter, whose denial may fall on an answer as well.
    PLATFORM = 16384
    #: Drawn together over the pods of its workloads and over the interfaces that reported it.
    DRAWN = 2097152
    #: TCP packets without payload in a log that shows no flags: perhaps a handshake alone.
    QUIET = 1048576
    #: The source is the client: the record was turned when it was read, and the client's port
    #: was left out.
    ORIENTED = 32768
    #: It told by its own word who opened its connection; others were turned by what the inventory
    #: says of listeners.
    WORD = 65536
    #: It was an answer before it was turned, let through and no refusal.
    ANSWERED = 131072
    #: Several packets of a TCP connection in a log without TCP flags: in the direction of the
    #: answer they show that the connection was open.
    SEVERAL = 524288
    #: The log shows the address of a Service: the pods behind it and their port are told by it.
    SERVICE = 262144
