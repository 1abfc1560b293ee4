// wampload: a WAMP load generator for any router. One thread, epoll, and so little work per message that the router is what
// is measured, not the generator: nothing of a message is looked at but its type and its first id, WebSocket frames are
// masked with a zero key (legal, and free), and every socket is written once per turn of the loop.
//
// Build: cc -O2 -o wampload wampload.c          Linux only (epoll, timerfd, /proc)
// Usage: wampload -m rpc|pubsub|connect -t raw|ws -s json|msgpack|cbor -h 127.0.0.1 -p PORT [-P /wspath] [-u unixpath]
//                 [-r realm] [-c callers or publishers] [-e subscribers] [-w window] [-b payload bytes] [-d seconds]
//                 [-n sessions] [-a calls per second] [-k pid] [-i name]
//
// rpc      closed loop: one callee echoes, each caller keeps `window` CALLs outstanding.
//          With -a it is an open loop: that many calls per second in all, each due at its moment whether the ones before
//          it are answered or not, and latency counts from that moment.
// pubsub   closed loop: each publisher keeps `window` publications outstanding; one is complete when all subscribers have it.
// connect  opens `sessions` sessions and keeps them, idle, for `seconds`.
// -k pid   adds the share of one core that this process (the router) used during the measured time.
// -i name  is appended to the URIs, so that several generators can run against one router.
//
// After one second of warming up it measures for `seconds` and prints one line of name=value: operations (and events) per
// second, latency percentiles in milliseconds, and the share of one core that the generator itself used.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "wire.h"

typedef enum { RPC, PUBSUB, CONNECT } Mode;

enum { WELCOME = 2, PUBLISH = 16, PUBLISHED = 17, SUBSCRIBE = 32, SUBSCRIBED = 33, EVENT = 36 };
enum { CALL = 48, RESULT = 50, REGISTER = 64, REGISTERED = 65, INVOCATION = 68, YIELD = 70 };

static Mode mode = RPC;
static int isWebSocket, port = 8080;
static const char *host = "127.0.0.1", *path = "/ws", *realm = "realm1", *unixPath, *instance = "";
static int clientCount = 4, subscriberCount = 1, window = 32, payloadBytes = 32, seconds = 5, sessionCount = 1000;
static int arrivalsPerSecond, watchedPid;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// ---- Connections

typedef enum { HANDSHAKE, GREETING, JOINING, READY } State;
typedef enum { CLIENT, SERVER } Role; // a caller or publisher; a callee or subscriber

typedef struct {
  int fd;
  State state;
  Role role;
  int isAwaitingWrite; // epoll tells when the socket takes more
  int isTouched;       // something was queued outside its own turn
  Buffer in, out;
  uint64_t request;    // the last request id used
  uint64_t completed;  // publications that every subscriber has
  uint64_t events;     // EVENTs received
  int inFlight;
  double *startedAt;   // by request id modulo window
} Connection;

static int epollFd;
static Connection *connections;
static int connectionCount, readyCount;
static Connection *clients; // the callers or publishers, behind the servers in `connections`

// ---- What is counted

enum { LATENCY_BUCKETS = 4000000 }; // of one microsecond
static uint64_t latencies[LATENCY_BUCKETS], latencyCount, operationCount, eventCount;
static int isMeasuring;

static void countOperation(double startedAt, double endedAt) {
  double microseconds = (endedAt - startedAt) * 1e6;
  operationCount++;
  latencyCount++;
  latencies[microseconds < 0 ? 0 : microseconds < LATENCY_BUCKETS ? (int)microseconds : LATENCY_BUCKETS - 1]++;
}

static double percentileMs(double share) {
  uint64_t rank = latencyCount * share, seen = 0;
  for (int i = 0; i < LATENCY_BUCKETS; i++) {
    seen += latencies[i];
    if (seen > rank) return i / 1000.0;
  }
  return -1;
}

// ---- Messages: built in `message`, then put as a frame into the connection's output

static void endMessage(Connection *c) {
  putText("]");
  size_t size = message.length;
  uint8_t head[14] = {0}; // type 0 for RawSocket, the mask key for WebSocket are zeros
  int count = 4;
  if (!isWebSocket) writeBigEndian(head, size, 4);
  else {
    int isShort = size < 126, isMedium = size < 65536, lengthBytes = isShort ? 0 : isMedium ? 2 : 8;
    head[0] = serializer == JSON ? 0x81 : 0x82;
    head[1] = 0x80 | (isShort ? size : isMedium ? 126 : 127);
    writeBigEndian(head + 2, size, lengthBytes);
    count = 2 + lengthBytes + 4;
  }
  reserve(&c->out, count + size);
  put(&c->out, head, count);
  put(&c->out, message.bytes, size);
}

static char *payload;

static void putPayload(void) {
  putText("[");
  putArray(1);
  putString(payload, payloadBytes);
  putText("]");
}

static void putOptions(void) {
  putText("{},");
  putMap(0);
}

static const char *loadUri(void) {
  static char uri[256];
  if (!*uri) snprintf(uri, sizeof uri, "bench.%s%s", mode == RPC ? "echo" : "topic", instance);
  return uri;
}

static void sendHello(Connection *c) {
  static const char *roles[] = {"caller", "callee", "publisher", "subscriber"};
  startMessage(3, 1);
  putString(realm, strlen(realm));
  putText(",{\"roles\":{\"caller\":{},\"callee\":{},\"publisher\":{},\"subscriber\":{}}}");
  if (serializer != JSON) {
    putMap(1);
    putString("roles", 5);
    putMap(4);
    for (int i = 0; i < 4; i++) {
      putString(roles[i], strlen(roles[i]));
      putMap(0);
    }
  }
  endMessage(c);
}

static void sendJoin(Connection *c) { // REGISTER or SUBSCRIBE
  startMessage(4, mode == RPC ? REGISTER : SUBSCRIBE);
  putUnsigned(1);
  putText(",");
  putOptions();
  putString(loadUri(), strlen(loadUri()));
  endMessage(c);
}

static void sendYield(Connection *c, uint64_t invocation) {
  startMessage(4, YIELD);
  putUnsigned(invocation);
  putText(",");
  putOptions();
  putPayload();
  endMessage(c);
}

static void startOperation(Connection *c, double startedAt) { // one CALL or PUBLISH
  uint64_t request = ++c->request;
  c->startedAt[request % window] = startedAt;
  c->inFlight++;
  startMessage(5, mode == RPC ? CALL : PUBLISH);
  putUnsigned(request);
  putText(",");
  putOptions();
  putString(loadUri(), strlen(loadUri()));
  putText(",");
  putPayload();
  endMessage(c);
}

// ---- The load

static void becomeReady(Connection *c) {
  c->state = READY;
  readyCount++;
}

/** One message has arrived: answer it, count it, and in a closed loop start the next operation. */
static void onMessage(Connection *c, const uint8_t *p, size_t size) {
  uint64_t type, id;
  double time;
  const uint8_t *end = p + size, *rest = readUnsigned(skipArrayHead(p), end, &type);
  switch (type) {
    case WELCOME:
      if (mode == CONNECT || c->role == CLIENT) becomeReady(c);
      else {
        c->state = JOINING;
        sendJoin(c);
      }
      return;
    case REGISTERED:
    case SUBSCRIBED:
      becomeReady(c);
      return;
    case INVOCATION:
      readUnsigned(rest, end, &id);
      sendYield(c, id);
      return;
    case RESULT:
      readUnsigned(rest, end, &id);
      c->inFlight--;
      time = now();
      if (isMeasuring) countOperation(c->startedAt[id % window], time);
      if (!arrivalsPerSecond) startOperation(c, time);
      return;
    case EVENT:
      c->events++;
      if (isMeasuring) eventCount++;
      return;
    case PUBLISHED:
      return;
    default:
      die("the router sent a message of type %llu: %.*s", (unsigned long long)type, (int)(size < 300 ? size : 300), p);
  }
}

/** Publications that have reached every subscriber are complete; they are credited to the publishers in turn. */
static void completePublications(void) {
  static uint64_t credited;
  uint64_t complete = ~0ull;
  for (Connection *s = connections; s < clients; s++) if (s->events < complete) complete = s->events;
  while (credited < complete) {
    Connection *behind = NULL;
    for (Connection *p = clients; p < clients + clientCount; p++)
      if (p->inFlight && (!behind || p->completed < behind->completed)) behind = p;
    if (!behind) return;
    credited++;
    behind->completed++;
    behind->inFlight--;
    double time = now();
    if (isMeasuring) countOperation(behind->startedAt[behind->completed % window], time);
    startOperation(behind, time);
    behind->isTouched = 1;
  }
}

static int arrivalTimerFd;
static double arrivalsSince;

static void startArrivals(void) {
  struct timespec period = {.tv_sec = arrivalsPerSecond == 1, .tv_nsec = 1000000000l / arrivalsPerSecond % 1000000000l};
  struct itimerspec timer = {.it_interval = period, .it_value = period};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  arrivalTimerFd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  epoll_ctl(epollFd, EPOLL_CTL_ADD, arrivalTimerFd, &event);
  arrivalsSince = now();
  timerfd_settime(arrivalTimerFd, 0, &timer, NULL);
}

/** Starts the calls that have become due, callers in turn. */
static void startDueCalls(void) {
  static uint64_t arrivals;
  uint64_t expirations;
  if (read(arrivalTimerFd, &expirations, 8) != 8) return;
  while (expirations--) {
    Connection *caller = clients + arrivals % clientCount;
    if (caller->inFlight == window) die("the router does not keep up with %d calls per second", arrivalsPerSecond);
    startOperation(caller, arrivalsSince + (double)++arrivals / arrivalsPerSecond);
    caller->isTouched = 1;
  }
}

// ---- Sockets

static void writeOut(Connection *c) {
  Buffer *out = &c->out;
  while (out->taken < out->length) {
    ssize_t count = write(c->fd, out->bytes + out->taken, out->length - out->taken);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) die("cannot write to the router: %s", strerror(errno));
    out->taken += count;
  }
  if (out->taken == out->length) out->taken = out->length = 0;
  int isPending = out->length != 0;
  if (isPending == c->isAwaitingWrite) return;
  c->isAwaitingWrite = isPending;
  struct epoll_event event = {.events = EPOLLIN | (isPending ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epollFd, EPOLL_CTL_MOD, c->fd, &event);
}

/** Takes the router's handshake answer; false while it is incomplete. */
static int takeHandshake(Connection *c, const uint8_t *p, size_t available) {
  if (!isWebSocket) {
    if (available < 4) return 0;
    if (p[0] != 0x7f || (p[1] & 15) != serializer) die("the router refused the RawSocket handshake: %02x %02x", p[0], p[1]);
    c->in.taken += 4;
    return 1;
  }
  const uint8_t *end = memmem(p, available, "\r\n\r\n", 4);
  if (!end) return 0;
  if (memcmp(p, "HTTP/1.1 101", 12)) die("the router refused the WebSocket handshake: %.*s", (int)(end - p), p);
  c->in.taken += end + 4 - p;
  return 1;
}

/** Handles the RawSocket frame at `p`; the bytes it takes, 0 while it is incomplete. */
static size_t takeRawSocketFrame(Connection *c, const uint8_t *p, size_t available) {
  if (available < 4) return 0;
  size_t length = readBigEndian(p + 1, 3);
  if (available < 4 + length) return 0;
  if ((p[0] & 7) == 0) onMessage(c, p + 4, length);
  else if ((p[0] & 7) == 1) { // a ping is answered with its payload
    putByte(&c->out, 2);
    put(&c->out, p + 1, 3 + length);
  }
  return 4 + length;
}

/** Handles the WebSocket frame at `p`, which is unmasked and not fragmented; the bytes it takes, 0 while it is incomplete. */
static size_t takeWebSocketFrame(Connection *c, const uint8_t *p, size_t available) {
  if (available < 2) return 0;
  int code = p[1] & 127, opcode = p[0] & 15;
  size_t head = code == 126 ? 4 : code == 127 ? 10 : 2;
  if (available < head) return 0;
  size_t length = code < 126 ? (size_t)code : readBigEndian(p + 2, head - 2);
  if (available < head + length) return 0;
  if (opcode == 1 || opcode == 2) onMessage(c, p + head, length);
  else if (opcode == 8) die("the router closed a WebSocket");
  else if (opcode == 9) {
    uint8_t pong[6] = {0x8a, 0x80 | length, 0, 0, 0, 0};
    put(&c->out, pong, 6);
    put(&c->out, p + head, length);
  }
  return head + length;
}

enum { READ_BYTES = 262144 };

static void readIn(Connection *c) {
  Buffer *in = &c->in;
  for (;;) {
    reserve(in, READ_BYTES);
    ssize_t count = read(c->fd, in->bytes + in->length, in->capacity - in->length);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) die("cannot read from the router: %s", strerror(errno));
    if (count == 0) die("the router closed a connection");
    in->length += count;
    if (count < READ_BYTES / 2) break;
  }
  for (;;) {
    const uint8_t *p = in->bytes + in->taken;
    size_t available = in->length - in->taken;
    if (c->state == HANDSHAKE) {
      if (!takeHandshake(c, p, available)) break;
      c->state = GREETING;
      sendHello(c);
      continue;
    }
    size_t taken = isWebSocket ? takeWebSocketFrame(c, p, available) : takeRawSocketFrame(c, p, available);
    if (!taken) break;
    in->taken += taken;
  }
  if (in->taken == in->length) in->taken = in->length = 0;
}

static int openSocket(void) {
  struct sockaddr_un unixAddress = {.sun_family = AF_UNIX};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(unixPath ? AF_UNIX : AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0) die("cannot open a socket: %s", strerror(errno));
  if (unixPath) {
    strncpy(unixAddress.sun_path, unixPath, sizeof unixAddress.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&unixAddress, sizeof unixAddress)) die("cannot connect to %s: %s", unixPath, strerror(errno));
    return fd;
  }
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("cannot connect to \"%s\": give an IPv4 address", host);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) die("cannot connect to %s:%d: %s", host, port, strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void dial(Connection *c) {
  static const char *names[] = {"", "json", "msgpack", "cbor"};
  c->fd = openSocket();
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epollFd, EPOLL_CTL_ADD, c->fd, &event);
  if (!isWebSocket) {
    uint8_t handshake[4] = {0x7f, 0xf0 | serializer, 0, 0};
    put(&c->out, handshake, 4);
  } else {
    char request[512];
    int size = snprintf(request, sizeof request,
      "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.%s\r\n\r\n",
      path, host, port, names[serializer]);
    put(&c->out, request, size);
  }
  writeOut(c);
}

/** Runs the loop until a time, or until `wanted` connections are ready if that is not negative. */
static void run(double until, int wanted) {
  struct epoll_event events[256];
  while (now() < until && (wanted < 0 || readyCount < wanted)) {
    int count = epoll_wait(epollFd, events, 256, 50);
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (!c) {
        startDueCalls();
        continue;
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readIn(c);
      if (c->out.length) writeOut(c);
    }
    if (wanted >= 0 || mode == CONNECT) continue;
    if (mode == PUBSUB) completePublications();
    for (Connection *c = clients; c < clients + clientCount; c++) {
      if (!c->isTouched) continue;
      c->isTouched = 0;
      writeOut(c);
    }
  }
}

// ---- The command

static void readOptions(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "m:t:s:h:p:P:u:r:c:e:w:b:d:n:a:k:i:")) != -1) {
    switch (option) {
      case 'm': mode = *optarg == 'r' ? RPC : *optarg == 'p' ? PUBSUB : CONNECT; break;
      case 't': isWebSocket = *optarg == 'w'; break;
      case 's': serializer = *optarg == 'j' ? JSON : *optarg == 'm' ? MSGPACK : CBOR; break;
      case 'h': host = optarg; break;
      case 'p': port = atoi(optarg); break;
      case 'P': path = optarg; break;
      case 'u': unixPath = optarg; break;
      case 'r': realm = optarg; break;
      case 'c': clientCount = atoi(optarg); break;
      case 'e': subscriberCount = atoi(optarg); break;
      case 'w': window = atoi(optarg); break;
      case 'b': payloadBytes = atoi(optarg); break;
      case 'd': seconds = atoi(optarg); break;
      case 'n': sessionCount = atoi(optarg); break;
      case 'a': arrivalsPerSecond = atoi(optarg); break;
      case 'k': watchedPid = atoi(optarg); break;
      case 'i': instance = optarg; break;
      default: die("the options are in the first lines of wampload.c");
    }
  }
  if (clientCount < 1 || subscriberCount < 1 || window < 1 || sessionCount < 1) die("-c, -e, -w and -n are at least 1");
  if (arrivalsPerSecond && mode != RPC) die("-a works with -m rpc only");
}

static double ownCpuSeconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/** User and system time of the process given with -k, all threads. */
static double watchedCpuSeconds(void) {
  char name[64], text[1024];
  snprintf(name, sizeof name, "/proc/%d/stat", watchedPid);
  FILE *file = fopen(name, "r");
  if (!file) die("cannot read %s: %s", name, strerror(errno));
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  unsigned long user = 0, system = 0;
  char *afterName = strrchr(text, ')'); // the name itself may hold spaces
  if (!afterName || sscanf(afterName + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    die("cannot understand %s", name);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static const char *transportName(void) { return unixPath ? "unix" : isWebSocket ? "ws" : "raw"; }

static double measuredSince, ownCpuBefore, watchedCpuBefore;

static void startMeasuring(void) {
  ownCpuBefore = ownCpuSeconds();
  watchedCpuBefore = watchedPid ? watchedCpuSeconds() : 0;
  measuredSince = now();
  isMeasuring = 1;
}

/** Ends the line of results. */
static void printCpu(double elapsed) {
  printf(" cpu=%.3f", (ownCpuSeconds() - ownCpuBefore) / elapsed);
  if (watchedPid) printf(" watched_cpu=%.3f", (watchedCpuSeconds() - watchedCpuBefore) / elapsed);
  printf("\n");
  fflush(stdout);
}

static int holdSessions(void) {
  startMeasuring();
  for (int i = 0; i < sessionCount; i++) {
    dial(&connections[i]);
    if (i % 100 == 99) run(now() + 10, i - 50); // so many at once that the router is never idle, and its backlog never full
  }
  run(now() + 60, sessionCount);
  double elapsed = now() - measuredSince;
  printf("mode=connect transport=%s ser=%d sessions=%d ready=%d per_s=%.0f", transportName(), serializer, sessionCount, readyCount, readyCount / elapsed);
  printCpu(elapsed);
  run(now() + seconds, -1);
  return readyCount == sessionCount ? 0 : 1;
}

static int drive(int servers) {
  static const char *serializers[] = {"", "json", "msgpack", "cbor"};
  for (int i = 0; i < servers; i++) {
    connections[i].role = SERVER;
    dial(&connections[i]);
  }
  run(now() + 10, servers);
  if (readyCount < servers) die("%d of %d callees or subscribers got ready in 10 s", readyCount, servers);
  for (Connection *c = clients; c < clients + clientCount; c++) {
    c->startedAt = calloc(window, sizeof *c->startedAt);
    dial(c);
  }
  run(now() + 10, connectionCount);
  if (readyCount < connectionCount) die("%d of %d callers or publishers got ready in 10 s", readyCount - servers, clientCount);
  if (arrivalsPerSecond) startArrivals();
  else for (Connection *c = clients; c < clients + clientCount; c++) {
    for (int i = 0; i < window; i++) startOperation(c, now());
    writeOut(c);
  }
  run(now() + 1, -1);
  startMeasuring();
  run(measuredSince + seconds, -1);
  double elapsed = now() - measuredSince;
  printf("mode=%s transport=%s ser=%s c=%d e=%d w=%d bytes=%d ops_per_s=%.0f", mode == RPC ? "rpc" : "pubsub", transportName(),
    serializers[serializer], clientCount, servers, window, payloadBytes, operationCount / elapsed);
  if (mode == PUBSUB) printf(" events_per_s=%.0f", eventCount / elapsed);
  printf(" p50_ms=%.3f p99_ms=%.3f p999_ms=%.3f", percentileMs(.5), percentileMs(.99), percentileMs(.999));
  printCpu(elapsed);
  return 0;
}

int main(int argc, char **argv) {
  readOptions(argc, argv);
  payload = malloc(payloadBytes + 1);
  memset(payload, 'x', payloadBytes);
  epollFd = epoll_create1(0);
  int servers = mode == RPC ? 1 : subscriberCount;
  connectionCount = mode == CONNECT ? sessionCount : servers + clientCount;
  connections = calloc(connectionCount, sizeof *connections);
  clients = connections + servers;
  return mode == CONNECT ? holdSessions() : drive(servers);
}
