// What wampload knows of bytes: buffers, and just enough JSON, MessagePack and CBOR to write the messages of a load and to
// read the type and the first id of an answer. Included once, by wampload.c.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { JSON = 1, MSGPACK = 2, CBOR = 3 } Serializer; // the numbers of the RawSocket handshake
static Serializer serializer = JSON;

static void die(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("wampload: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  exit(1);
}

// ---- Buffers: bytes are put at the end and taken from `taken` on

typedef struct { uint8_t *bytes; size_t taken, length, capacity; } Buffer;

static void reserve(Buffer *b, size_t count) {
  if (b->length + count <= b->capacity) return;
  if (b->taken) {
    memmove(b->bytes, b->bytes + b->taken, b->length - b->taken);
    b->length -= b->taken;
    b->taken = 0;
  }
  while (b->length + count > b->capacity) b->capacity = b->capacity ? b->capacity * 2 : 65536;
  b->bytes = realloc(b->bytes, b->capacity);
  if (!b->bytes) die("out of memory at %zu bytes for one buffer", b->capacity);
}

static void put(Buffer *b, const void *bytes, size_t count) {
  reserve(b, count);
  memcpy(b->bytes + b->length, bytes, count);
  b->length += count;
}

static void putByte(Buffer *b, int byte) {
  reserve(b, 1);
  b->bytes[b->length++] = byte;
}

static void writeBigEndian(uint8_t *p, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; i--, value >>= 8) p[i] = value;
}

// ---- Encoding, into `message`

static Buffer message;

static void putText(const char *json) { // brackets and commas, which only JSON has
  if (serializer == JSON) put(&message, json, strlen(json));
}

static void putArray(int count) {
  if (serializer != JSON) putByte(&message, (serializer == MSGPACK ? 0x90 : 0x80) | count);
}

static void putMap(int count) {
  if (serializer != JSON) putByte(&message, (serializer == MSGPACK ? 0x80 : 0xa0) | count);
}

static void putHead(int code, uint64_t value, int valueBytes) {
  uint8_t head[9] = {code};
  writeBigEndian(head + 1, value, valueBytes);
  put(&message, head, 1 + valueBytes);
}

static void putUnsigned(uint64_t v) {
  if (serializer == JSON) {
    char digits[24];
    put(&message, digits, sprintf(digits, "%llu", (unsigned long long)v));
    return;
  }
  if (v < (serializer == MSGPACK ? 128 : 24)) {
    putByte(&message, v);
    return;
  }
  int sizeCode = v < 256 ? 0 : v < 65536 ? 1 : v < 4294967296ull ? 2 : 3;
  putHead((serializer == MSGPACK ? 0xcc : 0x18) + sizeCode, v, 1 << sizeCode);
}

static void putString(const char *text, size_t length) {
  int sizeCode = length < 256 ? 0 : length < 65536 ? 1 : 2;
  if (serializer == JSON) putByte(&message, '"');
  else if (length < (serializer == MSGPACK ? 32 : 24)) putByte(&message, (serializer == MSGPACK ? 0xa0 : 0x60) | length);
  else putHead((serializer == MSGPACK ? 0xd9 : 0x78) + sizeCode, length, 1 << sizeCode);
  put(&message, text, length);
  if (serializer == JSON) putByte(&message, '"');
}

static void startMessage(int elements, int type) {
  message.length = message.taken = 0;
  putArray(elements);
  putText("[");
  putUnsigned(type);
  putText(",");
}

// ---- Decoding: the message type and the first id

static uint64_t readBigEndian(const uint8_t *p, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; i++) value = value << 8 | p[i];
  return value;
}

static const uint8_t *skipArrayHead(const uint8_t *p) {
  if (serializer == JSON) return p;
  if (serializer == MSGPACK) return p + (*p == 0xdc ? 3 : 1);
  return p + (*p == 0x98 ? 2 : *p == 0x99 ? 3 : 1);
}

static const uint8_t *readUnsigned(const uint8_t *p, const uint8_t *end, uint64_t *value) {
  if (serializer == JSON) {
    while (p < end && (*p == '[' || *p == ',' || *p == ' ')) p++;
    for (*value = 0; p < end && *p >= '0' && *p <= '9'; p++) *value = *value * 10 + (*p - '0');
    return p;
  }
  uint8_t head = *p++;
  int size = 0;
  if (head < (serializer == MSGPACK ? 128 : 24)) {
    *value = head;
    return p;
  }
  if (head == (serializer == MSGPACK ? 0xcb : 0xfb)) { // some routers write ids as 64-bit floats
    uint64_t bits = readBigEndian(p, 8);
    double number;
    memcpy(&number, &bits, 8);
    *value = number;
    return p + 8;
  }
  if (serializer == CBOR && head == 0xfa) {
    uint32_t bits = readBigEndian(p, 4);
    float number;
    memcpy(&number, &bits, 4);
    *value = number;
    return p + 4;
  }
  if (serializer == MSGPACK && head >= 0xcc && head <= 0xcf) size = 1 << (head - 0xcc);
  else if (serializer == MSGPACK && head >= 0xd0 && head <= 0xd3) size = 1 << (head - 0xd0);
  else if (serializer == CBOR && head >= 0x18 && head <= 0x1b) size = 1 << (head - 0x18);
  *value = readBigEndian(p, size);
  return p + size;
}
