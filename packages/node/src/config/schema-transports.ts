// The schema of transports: Crossbar's names where Crossbar has one, ours in camel case.

import { DEFAULT_LIMITS, type TransportLimits } from '@crosspoint/transport'
import { z } from 'zod'
import { authSchema, authWithCookieSchema, cookieSchema } from './schema-auth.ts'
import { choice, crossbarMilliseconds, dictionary, list, object, text, truth, whole } from './schema-parts.ts'
import { tlsSchema } from './schema-tls.ts'

const backlog = whole(1, 65535, '', 'Connections that may wait to be accepted. Default: 511.').optional()

const endpoint = z
  .discriminatedUnion(
    'type',
    [
      object(
        {
          type: z.literal('tcp'),
          port: whole(0, 65535, '', 'TCP port; 0 takes a free one, which the ready line names.'),
          interface: text('an IP address or host name', 'Address to listen on. Default: all interfaces, as in Crossbar.').optional(),
          backlog,
          tls: tlsSchema.optional(),
        },
        'A TCP port.',
      ),
      object(
        {
          type: z.literal('unix'),
          path: text('the path of a socket file', 'Path of the socket file, relative to the configuration file.'),
          backlog,
        },
        'A Unix socket.',
      ),
    ],
    { error: 'must be { type: "tcp", port } or { type: "unix", path }' },
  )
  .meta({ description: 'Where to listen.' })

const serializers = list(
  choice(
    ['json', 'msgpack', 'cbor', 'ubjson', 'ubjson-plain', 'flatbuffers'],
    'Name of a serializer. ubjson is BJData, which Autobahn speaks since 26.6; ubjson-plain is UBJSON draft 12, which it spoke before: one of the two.',
  ),
  'Serializers to accept; of those the order of the client decides. Default: json, msgpack, cbor, ubjson, flatbuffers.',
).min(1, { error: 'must name at least one of "json", "msgpack", "cbor", "ubjson", "flatbuffers"' })

function limit(name: keyof TransportLimits, least: number, most: number, unit: string, description: string) {
  return whole(least, most, unit, `${description} Default: ${DEFAULT_LIMITS[name]}.`).optional()
}

const limits = object(
  {
    frameBytesMax: limit(
      'frameBytesMax',
      512,
      16_777_216,
      'bytes',
      'Longest message accepted, in bytes. Longer: WebSocket close 1009, RawSocket closed.',
    ),
    strangerFrameBytesMax: limit('strangerFrameBytesMax', 512, 16_777_216, 'bytes', 'Longest message accepted before WELCOME, in bytes.'),
    handshakeTimeoutMs: limit(
      'handshakeTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'From accept to WELCOME, in milliseconds; no arriving byte extends it.',
    ),
    bufferedBytesMax: limit(
      'bufferedBytesMax',
      65_536,
      2 ** 40,
      'bytes',
      'Bytes that may wait for a reader that does not read. Beyond it the connection is cut.',
    ),
    pingIntervalMs: limit(
      'pingIntervalMs',
      0,
      86_400_000,
      'milliseconds',
      'Silence before a ping goes out, in milliseconds; 0 turns pings off.',
    ),
    pingTimeoutMs: limit(
      'pingTimeoutMs',
      1,
      86_400_000,
      'milliseconds',
      'How long an answer to a ping may take, in milliseconds. Then the connection is cut.',
    ),
    idleTimeoutMs: limit(
      'idleTimeoutMs',
      0,
      2 ** 31 - 1,
      'milliseconds',
      'No message for this long, in milliseconds, closes the connection; 0 turns it off.',
    ),
    connectionsMax: limit(
      'connectionsMax',
      1,
      10_000_000,
      'connections',
      'Connections at one time. One more: HTTP 503, RawSocket error 4.',
    ),
    handshakesPerAddressMax: limit(
      'handshakesPerAddressMax',
      0,
      10_000_000,
      'connections',
      'Connections and long-poll transports of one IP address (IPv6: /64 network) that wait for WELCOME; 0 turns it off. One more: closed at once, or HTTP 503.',
    ),
    messagesPerSecondMax: limit(
      'messagesPerSecondMax',
      0,
      1_000_000_000,
      'messages',
      'Messages per second and connection; 0 turns it off. Beyond it: closed.',
    ),
    longPollTimeoutMs: limit(
      'longPollTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'How long a long-poll `receive` is held open, in milliseconds. Then HTTP 204, and the client asks again.',
    ),
    longPollIdleTimeoutMs: limit(
      'longPollIdleTimeoutMs',
      1,
      86_400_000,
      'milliseconds',
      'No request of a long-poll client for this long, in milliseconds, ends its session.',
    ),
    longPollQueueBytesMax: limit(
      'longPollQueueBytesMax',
      1024,
      2 ** 40,
      'bytes',
      'Bytes that may wait for the next `receive` of a long-poll client. Beyond it its session ends.',
    ),
    longPollTransportsMax: limit(
      'longPollTransportsMax',
      1,
      10_000_000,
      'transports',
      'Long-poll transports open at one time. One more: HTTP 503.',
    ),
  },
  'Limits of every connection of this transport. They go before the same thing said in `options`.',
)

const maxMessageSize = whole(
  0,
  16_777_216,
  'bytes',
  'Longest message accepted, in bytes; 0 means the most there is, 16777216. See limits.frameBytesMax.',
)
const noEffect = (description: string) => `${description} Accepted and without effect here; the node says so when it starts.`

const websocketOptions = object(
  {
    allowed_origins: list(
      text('an origin', 'An origin, `*` standing for any run of characters.'),
      'Origins that browsers may connect from. Default: all.',
    ).optional(),
    allow_null_origin: truth(
      'Whether pages without an origin (files, sandboxed frames) may connect when allowed_origins is given. Default: false.',
    ).optional(),
    max_message_size: maxMessageSize.optional(),
    auto_ping_interval: crossbarMilliseconds(
      'Silence before a ping goes out, in milliseconds; 0 turns pings off. See limits.pingIntervalMs.',
    ).optional(),
    auto_ping_timeout: crossbarMilliseconds(
      'How long an answer to a ping may take, in milliseconds; 0 keeps the default. See limits.pingTimeoutMs.',
    ).optional(),
    open_handshake_timeout: crossbarMilliseconds(
      'From accept to WELCOME, in milliseconds; 0 keeps the default. See limits.handshakeTimeoutMs.',
    ).optional(),
    require_websocket_subprotocol: truth(
      'Whether a client must offer a subprotocol; false takes wamp.2.json for one that does not. Default: true.',
    ).optional(),
    auto_ping_size: whole(1, 125, 'bytes', noEffect('Size of a ping.')).optional(),
    close_handshake_timeout: crossbarMilliseconds(noEffect('How long a closing handshake may take.')).optional(),
    max_frame_size: whole(0, 2 ** 31, 'bytes', noEffect('Longest WebSocket frame; messages are limited by max_message_size.')).optional(),
    auto_fragment_size: whole(0, 2 ** 31, 'bytes', noEffect('Size of fragments sent.')).optional(),
    fail_by_drop: truth(noEffect('Drop the connection on a violation; here WAMP and WebSocket say why first.')).optional(),
    echo_close_codereason: truth(noEffect('Echo the close code.')).optional(),
    enable_webstatus: truth(noEffect('A status page on a plain GET; here a sentence with status 426.')).optional(),
    enable_hybi10: truth(noEffect('The draft before WebSocket became RFC 6455; it is not spoken.')).optional(),
    enable_rfc6455: z
      .literal(true, { error: 'must be true: this is the WebSocket there is' })
      .meta({ description: 'WebSocket as standardized.' })
      .optional(),
    validate_utf8: z.literal(true, { error: 'must be true: text is always checked' }).meta({ description: 'Check UTF-8.' }).optional(),
    mask_server_frames: z
      .literal(false, { error: 'must be false: servers do not mask' })
      .meta({ description: 'Mask frames sent.' })
      .optional(),
    require_masked_client_frames: z
      .literal(true, { error: 'must be true: clients mask' })
      .meta({ description: 'Clients must mask.' })
      .optional(),
    apply_mask: z.literal(true, { error: 'must be true' }).meta({ description: 'Undo the mask.' }).optional(),
    tcp_nodelay: truth(noEffect('Send small packets at once, which is always so.')).optional(),
    show_server_version: truth(noEffect('Show a version; none is shown.')).optional(),
    compression: z
      .record(z.string(), z.unknown(), { error: 'must be an object' })
      .meta({ description: noEffect('Compression; messages are not compressed.') })
      .optional(),
  },
  'Options of WebSocket, as in Crossbar.',
)

const websocketKeys = {
  serializers: serializers.optional(),
  options: websocketOptions.optional(),
  auth: authWithCookieSchema.optional(),
  cookie: cookieSchema.optional(),
  url: text('a WebSocket URL', 'URL that clients use; only its path has a meaning here.').optional(),
}

const websocketPath = object({ type: z.literal('websocket'), ...websocketKeys }, 'WAMP over WebSocket on this path.')

const longpollOptions = object(
  {
    request_timeout: whole(
      0,
      3600,
      'seconds',
      'How long a `receive` is held open, in seconds; 0 keeps the default, 10. See limits.longPollTimeoutMs.',
    ).optional(),
    session_timeout: whole(
      0,
      86_400,
      'seconds',
      'No request for this long, in seconds, ends the session; 0 keeps the default, 30. See limits.longPollIdleTimeoutMs.',
    ).optional(),
    queue_limit_bytes: whole(
      1024,
      2 ** 40,
      'bytes',
      'Bytes that may wait for the next `receive`; beyond it the session ends. See limits.longPollQueueBytesMax.',
    ).optional(),
    queue_limit_messages: whole(1, 2 ** 31, 'messages', noEffect('Messages that may wait; here their bytes are counted.')).optional(),
  },
  'Options of long-poll, as in Crossbar.',
)

const longpollPath = object(
  {
    type: z.literal('longpoll'),
    options: longpollOptions.optional(),
    auth: authWithCookieSchema.optional(),
    cookie: cookieSchema.optional(),
  },
  'WAMP over HTTP long-poll below this path, with the serializers and origins of the WebSocket paths of this transport.',
)

const pathService = z
  .discriminatedUnion(
    'type',
    [
      websocketPath,
      longpollPath,
      object(
        {
          type: z.literal('static'),
          directory: text('the path of a directory', 'Directory to serve, relative to the configuration file.'),
          options: object(
            {
              enable_directory_listing: z
                .literal(false, { error: 'must be false: listings are not supported by this version' })
                .meta({ description: 'Directories are not listed.' })
                .optional(),
            },
            'Options of static files, as in Crossbar.',
          ).optional(),
        },
        'Static files.',
      ),
    ],
    { error: 'must be { type: "static", directory }, { type: "websocket" } or { type: "longpoll" }' },
  )
  .meta({ description: 'What answers on this path.' })

const paths = dictionary(pathService, 'What answers where: "/" for the root, else one path component without slashes ("ws" is /ws).')

const rawsocketKeys = {
  serializers: serializers.optional(),
  options: object({ max_message_size: maxMessageSize.optional() }, 'Options of RawSocket, as in Crossbar.').optional(),
  auth: authSchema.optional(),
}

const rawsocketSwitch = z
  .union([truth('RawSocket on the same port.'), object(rawsocketKeys, 'RawSocket on the same port.')], {
    error: 'must be true, false or { serializers?, options?, auth? }',
  })
  .meta({
    description: 'RawSocket on the same port, recognised by its first byte. Default: true, unless a path of the transport has `auth`.',
  })

const webOptions = object({}, "Options of the web server. None of Crossbar's is supported by this version, so this stays empty.")

const shared = {
  id: text('a name', 'Name of the transport, for logs.').optional(),
  endpoint,
  allowedHosts: list(
    text('a host name', 'A host name, with a port or for every port, `*` standing for any run of characters.'),
    'Names in the Host header that HTTP, WebSocket and long-poll are served under, against DNS rebinding; others get 403. Default: all.',
  ).optional(),
  limits: limits.optional(),
}

export const transportSchema = z
  .discriminatedUnion(
    'type',
    [
      object(
        { type: z.literal('web'), ...shared, paths, options: webOptions.optional(), rawsocket: rawsocketSwitch.optional() },
        'HTTP with static files, WebSocket and long-poll paths; RawSocket on the same port.',
      ),
      object(
        {
          type: z.literal('universal'),
          ...shared,
          websocket: dictionary(websocketPath, 'WebSocket paths: "ws" is /ws.').optional(),
          web: object({ paths, options: webOptions.optional() }, 'HTTP paths.').optional(),
          rawsocket: rawsocketSwitch.optional(),
        },
        'HTTP, WebSocket and RawSocket on one port, each given by its key.',
      ),
      object({ type: z.literal('websocket'), ...shared, ...websocketKeys }, 'WebSocket alone, on /, /ws and the path of `url`.'),
      object({ type: z.literal('rawsocket'), ...shared, ...rawsocketKeys }, 'RawSocket alone.'),
    ],
    { error: 'must have a type: "web", "universal", "websocket" or "rawsocket"' },
  )
  .meta({ description: 'A transport: an endpoint and what is spoken there.' })
