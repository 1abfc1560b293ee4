// Autobahn|Java at the end of the line protocol (README.md): `java Peer PORT websocket json|msgpack|cbor`.

import io.crossbar.autobahn.wamp.Session;
import io.crossbar.autobahn.wamp.auth.AnonymousAuth;
import io.crossbar.autobahn.wamp.auth.ChallengeResponseAuth;
import io.crossbar.autobahn.wamp.auth.TicketAuth;
import io.crossbar.autobahn.wamp.exceptions.ApplicationError;
import io.crossbar.autobahn.wamp.interfaces.IAuthenticator;
import io.crossbar.autobahn.wamp.interfaces.TriConsumer;
import io.crossbar.autobahn.wamp.interfaces.TriFunction;
import io.crossbar.autobahn.wamp.reflectionRoles.WampException;
import io.crossbar.autobahn.wamp.transports.NettyWebSocket;
import io.crossbar.autobahn.wamp.types.CallOptions;
import io.crossbar.autobahn.wamp.types.Challenge;
import io.crossbar.autobahn.wamp.types.ChallengeResponse;
import io.crossbar.autobahn.wamp.types.EventDetails;
import io.crossbar.autobahn.wamp.types.InvocationDetails;
import io.crossbar.autobahn.wamp.types.InvocationResult;
import io.crossbar.autobahn.wamp.types.PublishOptions;
import io.crossbar.autobahn.wamp.types.RegisterOptions;
import io.crossbar.autobahn.wamp.types.Registration;
import io.crossbar.autobahn.wamp.types.SubscribeOptions;
import io.crossbar.autobahn.wamp.types.Subscription;
import io.crossbar.autobahn.wamp.types.TransportOptions;
import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class Peer {
    /** What the library calls for an invocation. */
    private interface Procedure
            extends TriFunction<List<Object>, Map<String, Object>, InvocationDetails, CompletableFuture<InvocationResult>> {}

    /** What the library calls for an event. */
    private interface Heard extends TriConsumer<List<Object>, Map<String, Object>, EventDetails> {}

    /** A session, and the one thread that the library and the commands use it from: so events keep their order. */
    private static final class Entry {
        final Executor thread = Executors.newSingleThreadExecutor();
        final Session session = new Session(thread);
        final CompletableFuture<String> left = new CompletableFuture<>();
        final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
        final Map<String, Registration> registrations = new ConcurrentHashMap<>();
    }

    /** A method that no router has. */
    private static final class OfNobody implements IAuthenticator {
        @Override
        public String getAuthMethod() {
            return "of nobody";
        }

        @Override
        public CompletableFuture<ChallengeResponse> onChallenge(Session session, Challenge challenge) {
            throw new IllegalStateException("a router has the method of nobody");
        }
    }

    private static final int FRAME_BYTES_MAX = 16 << 20;
    private static final Map<String, String> OPTIONS_IN_JAVA = Map.of(
            "publish", "PublishOptions", "call", "CallOptions", "subscribe", "SubscribeOptions", "register", "RegisterOptions");

    private final String url;
    private final String serializer;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    private Peer(String port, String serializer) {
        this.url = "ws://127.0.0.1:" + port + "/ws";
        this.serializer = "wamp.2." + serializer;
    }

    public static void main(String[] arguments) throws Exception {
        Peer peer = new Peer(arguments[0], arguments[2]);
        Line.serve(version(), peer::run);
        System.exit(0); // the library's threads would go on
    }

    /** The library does not tell its version; its jar has it in its name. */
    private static String version() throws Exception {
        String jar = new File(Session.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getName();
        Matcher matcher = Pattern.compile("-([0-9.]+)\\.jar").matcher(jar);
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    private CompletableFuture<Map<String, Object>> run(Line.Command command) {
        if (command.text("do").equals("join")) return join(command);
        if (command.text("do").equals("keyring")) throw new Line.Unsupported("it has no encryption with cryptobox");
        Entry entry = entries.get(command.text("session"));
        if (entry == null) throw new IllegalStateException("there is no session " + command.text("session"));
        var answer = CompletableFuture.completedFuture(null).thenComposeAsync((nothing) -> runIn(entry, command), entry.thread);
        return answer.exceptionally((thrown) -> {
            Throwable error = thrown instanceof CompletionException ? thrown.getCause() : thrown;
            if (!(error instanceof ApplicationError)) throw new CompletionException(error);
            ApplicationError failed = (ApplicationError) error;
            throw new Line.Failure(failed.getMessage(), failed.args, failed.kwargs);
        });
    }

    private CompletableFuture<Map<String, Object>> join(Line.Command command) {
        List<IAuthenticator> authenticators = authenticatorsOf(command);
        Entry entry = new Entry();
        CompletableFuture<Map<String, Object>> joined = new CompletableFuture<>();
        entry.session.addOnConnectListener((session) -> session.join(command.text("realm"), authenticators));
        entry.session.addOnJoinListener((session, details) -> {
            entries.put(command.text("session"), entry);
            joined.complete(Map.of("id", details.sessionID));
        });
        entry.session.addOnLeaveListener((session, details) -> {
            entry.left.complete(details.reason);
            joined.completeExceptionally(new Line.Failure(details.reason, List.of(String.valueOf(details.message)), null));
        });
        TransportOptions options = new TransportOptions();
        options.setMaxFramePayloadSize(FRAME_BYTES_MAX);
        // A thread of its own, because it does not return when the handshake is refused.
        new Thread(() -> {
            try {
                new NettyWebSocket(url, List.of(serializer)).connect(entry.session, options);
            } catch (Exception error) {
                joined.completeExceptionally(error);
            }
        }).start();
        return joined;
    }

    /** What a session logs in with; null for anonymous. */
    private static List<IAuthenticator> authenticatorsOf(Line.Command command) {
        if (!command.has("login")) return null;
        Map<String, Object> login = command.dict("login");
        String authid = (String) login.get("authid");
        String secret = (String) login.get("secret");
        switch ((String) login.get("method")) {
            case "ticket":
                return List.of(new TicketAuth(authid, secret));
            case "wampcra":
                return List.of(new ChallengeResponseAuth(authid, secret));
            case "cryptosign":
                throw new Line.Unsupported("its cryptosign needs a library that its package for the JVM does not bring");
            case "anonymous":
                return List.of(new OfNobody(), new AnonymousAuth());
            default:
                throw new Line.Unsupported("it has no SCRAM");
        }
    }

    private CompletableFuture<Map<String, Object>> runIn(Entry entry, Line.Command command) {
        Session session = entry.session;
        switch (command.text("do")) {
            case "leave":
                session.leave("wamp.close.close_realm");
                return entry.left.thenApply((reason) -> Map.of("reason", reason));
            case "subscribe":
                return subscribe(entry, command);
            case "unsubscribe":
                return session.unsubscribe(entry.subscriptions.get(command.text("topic"))).thenApply((count) -> Map.of());
            case "publish":
                return publish(session, command);
            case "register":
                return register(entry, command);
            case "unregister":
                return session.unregister(entry.registrations.get(command.text("procedure"))).thenApply((count) -> Map.of());
            case "call":
                return call(session, command);
            case "cancel":
                throw new Line.Unsupported("it cannot cancel calls");
            default:
                throw new IllegalArgumentException("unknown command " + command.text("do"));
        }
    }

    private CompletableFuture<Map<String, Object>> subscribe(Entry entry, Line.Command command) {
        String topic = command.text("topic");
        Map<String, Object> options = optionsOf(command, Set.of("match", "get_retained"));
        Heard heard = (args, kwargs, details) -> {
            Map<String, Object> told = new HashMap<>(Map.of("topic", details.topic, "publication", details.publication));
            if (details.publisherSessionID != -1) told.put("publisher", details.publisherSessionID);
            Object argsTold = Line.toLine(args == null ? List.of() : args);
            Object kwargsTold = Line.toLine(kwargs == null ? Map.of() : kwargs);
            Line.say(Map.of("event", topic, "session", command.text("session"), "args", argsTold, "kwargs", kwargsTold,
                    "details", Line.toLine(told)));
        };
        SubscribeOptions given = new SubscribeOptions((String) options.get("match"), true, options.get("get_retained") == Boolean.TRUE);
        return entry.session.subscribe(topic, heard, given).thenApply((subscription) -> {
            entry.subscriptions.put(topic, subscription);
            return Map.of();
        });
    }

    private CompletableFuture<Map<String, Object>> publish(Session session, Line.Command command) {
        Map<String, Object> options = optionsOf(command, Set.of("acknowledge", "exclude_me", "retain"));
        boolean isAcknowledged = options.get("acknowledge") == Boolean.TRUE;
        PublishOptions given =
                new PublishOptions(isAcknowledged, options.get("exclude_me") != Boolean.FALSE, options.get("retain") == Boolean.TRUE);
        var done = session.publish(command.text("topic"), command.list("args"), command.dict("kwargs"), given);
        if (!isAcknowledged) return CompletableFuture.completedFuture(Map.of());
        return done.thenApply((publication) -> Map.of("publication", publication.publication));
    }

    private CompletableFuture<Map<String, Object>> register(Entry entry, Line.Command command) {
        String procedure = command.text("procedure");
        Map<String, Object> options = optionsOf(command, Set.of("match", "invoke"));
        RegisterOptions given = new RegisterOptions((String) options.get("match"), (String) options.get("invoke"));
        return entry.session.register(procedure, procedureOf(command), given).thenApply((registration) -> {
            entry.registrations.put(procedure, registration);
            return Map.of();
        });
    }

    private static Procedure procedureOf(Line.Command command) {
        switch (command.text("run")) {
            case "echo":
                return (args, kwargs, details) -> result(new InvocationResult(args, kwargs));
            case "fail":
                return (args, kwargs, details) -> CompletableFuture.failedFuture(
                        new WampException("com.example.failed", Map.of(), List.of("no", 7), Map.of("code", 3)));
            case "answer":
                return (args, kwargs, details) -> result(new InvocationResult(command.value("answer")));
            case "caller":
                return (args, kwargs, details) ->
                        result(new InvocationResult((Object) (details.callerSessionID == -1 ? null : details.callerSessionID)));
            case "procedure":
                return (args, kwargs, details) -> result(new InvocationResult((Object) details.procedure));
            case "count":
                throw new Line.Unsupported("as a callee it has no progress");
            case "sum":
                throw new Line.Unsupported("as a callee it has no progressive calls");
            default:
                throw new Line.Unsupported("as a callee it does not know INTERRUPT");
        }
    }

    private static CompletableFuture<InvocationResult> result(InvocationResult result) {
        return CompletableFuture.completedFuture(result);
    }

    private CompletableFuture<Map<String, Object>> call(Session session, Line.Command command) {
        if (command.has("chunks")) throw new Line.Unsupported("as a caller it has no progressive calls");
        if (command.has("progress")) throw new Line.Unsupported("as a caller it has no progress");
        if (command.has("cancel_mode")) throw new Line.Unsupported("it cannot cancel calls");
        Map<String, Object> options = optionsOf(command, Set.of("timeout"));
        CallOptions given = new CallOptions((int) options.getOrDefault("timeout", 0));
        return session.call(command.text("procedure"), command.list("args"), command.dict("kwargs"), given).thenApply((result) -> Map.of(
                "args", result.results == null ? List.of() : result.results,
                "kwargs", result.kwresults == null ? Map.of() : result.kwresults,
                "progress", List.of()));
    }

    private static Map<String, Object> optionsOf(Line.Command command, Set<String> known) {
        Map<String, Object> options = command.dict("options");
        for (String name : options.keySet()) {
            if (!known.contains(name)) throw new Line.Unsupported("it has no " + name + " in " + OPTIONS_IN_JAVA.get(command.text("do")));
        }
        return options;
    }
}
