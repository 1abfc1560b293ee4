// The line protocol of the interop runner (README.md): commands in, answers and notices out.

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

final class Line {
    /** What the library cannot do, in a sentence. */
    static final class Unsupported extends RuntimeException {
        Unsupported(String sentence) {
            super(sentence);
        }
    }

    /** An ERROR of the router or callee, or what stands for one. */
    static final class Failure extends RuntimeException {
        final String uri;
        final List<Object> args;
        final Map<String, Object> kwargs;

        Failure(String uri, List<Object> args, Map<String, Object> kwargs) {
            super(uri);
            this.uri = uri;
            this.args = args == null ? List.of() : args;
            this.kwargs = kwargs == null ? Map.of() : kwargs;
        }
    }

    /** Carries out one command; the future gives the answer. */
    interface Commands {
        CompletableFuture<Map<String, Object>> run(Command command);
    }

    /** One line of the runner. */
    static final class Command {
        private final Map<String, Object> line;

        Command(Map<String, Object> line) {
            this.line = line;
        }

        String text(String name) {
            return (String) line.get(name);
        }

        boolean has(String name) {
            return line.containsKey(name) && line.get(name) != Boolean.FALSE;
        }

        Object value(String name) {
            return fromLine(line.get(name));
        }

        @SuppressWarnings("unchecked")
        List<Object> list(String name) {
            return (List<Object>) fromLine(line.getOrDefault(name, List.of()));
        }

        @SuppressWarnings("unchecked")
        Map<String, Object> dict(String name) {
            return (Map<String, Object>) fromLine(line.getOrDefault(name, Map.of()));
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = System.out;
    private static final BigInteger MAX_SAFE = BigInteger.ONE.shiftLeft(53).subtract(BigInteger.ONE);

    private Line() {}

    /** Prints one line. */
    static void say(Map<String, Object> line) {
        byte[] text;
        try {
            text = (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new IllegalStateException("Cannot say " + line, error);
        }
        synchronized (OUT) {
            OUT.write(text, 0, text.length);
            OUT.flush();
        }
    }

    /** Carries out commands until stdin ends. */
    static void serve(String version, Commands commands) throws IOException {
        say(Map.of("ready", version));
        BufferedReader reader = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = reader.readLine(); text != null; text = reader.readLine()) {
            Map<String, Object> line = JSON.readValue(text, new TypeReference<Map<String, Object>>() {});
            Object id = line.get("id");
            CompletableFuture<Map<String, Object>> answer;
            try {
                answer = commands.run(new Command(line));
            } catch (RuntimeException error) {
                answer = CompletableFuture.failedFuture(error);
            }
            answer.whenComplete((given, error) -> say(answerOf(id, given, error)));
        }
    }

    private static Map<String, Object> answerOf(Object id, Map<String, Object> given, Throwable thrown) {
        Throwable error = thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (error == null) return Map.of("id", id, "ok", toLine(given));
        if (error instanceof Unsupported) return Map.of("id", id, "unsupported", error.getMessage());
        Failure failure = error instanceof Failure ? (Failure) error : new Failure("peer.error", List.of(error.toString()), null);
        Map<String, Object> told = Map.of("uri", failure.uri, "args", toLine(failure.args), "kwargs", toLine(failure.kwargs));
        return Map.of("id", id, "error", told);
    }

    /** A value as it stands in a line. */
    static Object toLine(Object value) {
        if (value instanceof byte[]) return Map.of("$bytes", Base64.getEncoder().encodeToString((byte[]) value));
        if (value instanceof Long || value instanceof BigInteger) {
            boolean isSafe = new BigInteger(value.toString()).abs().compareTo(MAX_SAFE) <= 0;
            return isSafe ? value : Map.of("$int", value.toString());
        }
        if (value instanceof Collection) {
            List<Object> list = new ArrayList<>();
            for (Object item : (Collection<?>) value) list.add(toLine(item));
            return list;
        }
        if (value instanceof Map) {
            Map<String, Object> dict = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((name, item) -> dict.put(String.valueOf(name), toLine(item)));
            return dict;
        }
        return value;
    }

    /** The value that stands in a line. */
    private static Object fromLine(Object value) {
        if (value instanceof List) {
            List<Object> list = new ArrayList<>();
            for (Object item : (List<?>) value) list.add(fromLine(item));
            return list;
        }
        if (!(value instanceof Map)) return value;
        Map<?, ?> line = (Map<?, ?>) value;
        if (line.containsKey("$bytes")) return Base64.getDecoder().decode((String) line.get("$bytes"));
        if (line.containsKey("$int")) {
            BigInteger integer = new BigInteger((String) line.get("$int"));
            return integer.bitLength() < Long.SIZE ? (Object) integer.longValue() : integer;
        }
        Map<String, Object> dict = new LinkedHashMap<>();
        line.forEach((name, item) -> dict.put((String) name, fromLine(item)));
        return dict;
    }
}
