// The nexus client at the end of the line protocol (README.md): nexus-peer PORT websocket|rawsocket json|msgpack|cbor.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/gammazero/nexus/v3/client"
	"github.com/gammazero/nexus/v3/transport/serialize"
	"github.com/gammazero/nexus/v3/wamp"
	"github.com/gammazero/nexus/v3/wamp/crsign"

	"crosspoint.example/interop/line"
)

var serializations = map[string]serialize.Serialization{"json": serialize.JSON, "msgpack": serialize.MSGPACK, "cbor": serialize.CBOR}

// A calling is a call without its result; its session cancels it.
type calling struct {
	session *client.Client
	cancel  context.CancelFunc
}

// A summing is an invocation whose chunks are added up.
type summing struct {
	session *client.Client
	request wamp.ID
}

var (
	mutex    sync.Mutex
	sessions = map[string]*client.Client{}
	calls    = map[int64]calling{}
	sums     = map[summing]int64{}
)

// How long the library waits for answers; less than the runner does, so that it is the library that tells.
const responseTimeout = 2 * time.Second

func main() {
	line.Serve(line.Version("github.com/gammazero/nexus/v3"), run)
}

func run(command line.Command) (line.Answer, error) {
	if command.Do == "join" {
		return join(command)
	}
	mutex.Lock()
	session := sessions[command.Session]
	mutex.Unlock()
	if session == nil {
		return nil, fmt.Errorf("cannot %s: there is no session %q", command.Do, command.Session)
	}
	switch command.Do {
	case "leave":
		if err := session.Close(); err != nil {
			return nil, err
		}
		if goodbye := session.RouterGoodbye(); goodbye != nil {
			return line.Answer{"reason": string(goodbye.Reason)}, nil
		}
		return line.Answer{}, nil
	case "subscribe":
		heard := func(event *wamp.Event) {
			details := map[string]any{"topic": command.Topic, "publication": uint64(event.Publication)}
			for name, value := range event.Details {
				details[name] = plain(value)
			}
			line.Event(command.Session, command.Topic, event.Arguments, event.ArgumentsKw, details)
		}
		return line.Answer{}, failure(session.Subscribe(command.Topic, heard, command.Options))
	case "unsubscribe":
		return line.Answer{}, failure(session.Unsubscribe(command.Topic))
	case "publish":
		err := failure(session.Publish(command.Topic, command.Options, command.Args, command.Kwargs))
		if err == nil && command.Options["acknowledge"] == true {
			return nil, line.Unsupported("it does not tell the id of a publication")
		}
		return line.Answer{}, err
	case "register":
		return line.Answer{}, failure(session.Register(command.Procedure, procedure(session, command), command.Options))
	case "unregister":
		return line.Answer{}, failure(session.Unregister(command.Procedure))
	case "call":
		return call(session, command)
	case "cancel":
		mutex.Lock()
		call, running := calls[command.Call]
		mutex.Unlock()
		if !running {
			return nil, fmt.Errorf("cannot cancel: there is no call %d", command.Call)
		}
		// The mode belongs to the session, not to the call.
		if err := call.session.SetCallCancelMode(command.Mode); err != nil {
			return nil, err
		}
		call.cancel()
		return line.Answer{}, nil
	}
	return nil, fmt.Errorf("unknown command %q", command.Do)
}

func join(command line.Command) (line.Answer, error) {
	port, transport, serializer := os.Args[1], os.Args[2], os.Args[3]
	url := "ws://127.0.0.1:" + port + "/ws"
	if transport == "rawsocket" {
		url = "tcp://127.0.0.1:" + port
	}
	config := client.Config{
		Realm:           command.Realm,
		Serialization:   serializations[serializer],
		ResponseTimeout: responseTimeout,
		Logger:          log.New(io.Discard, "", 0),
	}
	if err := logIn(&config, command.Login); err != nil {
		return nil, err
	}
	session, err := client.ConnectNet(context.Background(), url, config)
	if err != nil {
		return nil, failure(err)
	}
	mutex.Lock()
	sessions[command.Session] = session
	mutex.Unlock()
	return line.Answer{"id": uint64(session.ID())}, nil
}

// logIn adds what the session logs in with.
func logIn(config *client.Config, login *line.Login) error {
	if login == nil {
		return nil
	}
	config.HelloDetails = wamp.Dict{"authid": login.Authid}
	switch login.Method {
	case "ticket":
		answer := func(*wamp.Challenge) (string, wamp.Dict) { return login.Secret, wamp.Dict{} }
		config.AuthHandlers = map[string]client.AuthFunc{"ticket": answer}
	case "wampcra":
		sign := func(challenge *wamp.Challenge) (string, wamp.Dict) {
			return crsign.RespondChallenge(login.Secret, challenge, nil), wamp.Dict{}
		}
		config.AuthHandlers = map[string]client.AuthFunc{"wampcra": sign}
	case "cryptosign":
		return line.Unsupported("as a client it leaves cryptosign to the application")
	case "anonymous":
		return line.Unsupported("it offers its methods in no particular order")
	default:
		return line.Unsupported("it has no SCRAM")
	}
	return nil
}

func call(session *client.Client, command line.Command) (line.Answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	mutex.Lock()
	calls[command.ID] = calling{session, cancel}
	mutex.Unlock()
	defer func() {
		mutex.Lock()
		delete(calls, command.ID)
		mutex.Unlock()
	}()
	progress := [][]any{}
	var onProgress client.ProgressHandler
	if command.Progress {
		onProgress = func(result *wamp.Result) { progress = append(progress, result.Arguments) }
	}
	var result *wamp.Result
	var err error
	if command.Chunks != nil {
		next := 0
		result, err = session.CallProgressive(ctx, command.Procedure, func(context.Context) (wamp.Dict, wamp.List, wamp.Dict, error) {
			chunk := command.Chunks[next]
			next++
			options := wamp.Dict{}
			maps.Copy(options, command.Options)
			options["progress"] = next < len(command.Chunks)
			return options, chunk, command.Kwargs, nil
		}, onProgress)
	} else {
		result, err = session.Call(ctx, command.Procedure, command.Options, command.Args, command.Kwargs, onProgress)
	}
	if err != nil {
		return nil, failure(err)
	}
	return line.Answer{"args": []any(result.Arguments), "kwargs": map[string]any(result.ArgumentsKw), "progress": progress}, nil
}

func procedure(session *client.Client, command line.Command) client.InvocationHandler {
	return func(ctx context.Context, invocation *wamp.Invocation) client.InvokeResult {
		args := invocation.Arguments
		switch command.Run {
		case "echo":
			return client.InvokeResult{Args: args, Kwargs: invocation.ArgumentsKw}
		case "fail":
			return client.InvokeResult{Err: "com.example.failed", Args: wamp.List{"no", 7}, Kwargs: wamp.Dict{"code": 3}}
		case "answer":
			return client.InvokeResult{Args: wamp.List{command.Answer}}
		case "caller", "procedure":
			return client.InvokeResult{Args: wamp.List{invocation.Details[command.Run]}}
		case "count":
			last, _ := wamp.AsInt64(args[0])
			for n := int64(1); n <= last; n++ {
				if err := session.SendProgress(ctx, wamp.List{n}, nil); err != nil {
					return client.InvokeResult{Err: "peer.error", Args: wamp.List{err.Error()}}
				}
			}
			return client.InvokeResult{Args: wamp.List{"done"}}
		case "sum":
			return sum(session, invocation)
		}
		line.Say(map[string]any{"invoked": command.Procedure})
		<-ctx.Done()
		line.Say(map[string]any{"interrupted": command.Procedure})
		return client.InvokeResult{Args: wamp.List{"stopped"}}
	}
}

// sum adds up the chunks of a progressive call, which come one by one with the same request id.
func sum(session *client.Client, invocation *wamp.Invocation) client.InvokeResult {
	key := summing{session, invocation.Request}
	chunk, _ := wamp.AsInt64(invocation.Arguments[0])
	mutex.Lock()
	defer mutex.Unlock()
	sums[key] += chunk
	if more, _ := invocation.Details["progress"].(bool); more {
		return client.InvokeResult{Err: wamp.InternalProgressiveOmitResult}
	}
	total := sums[key]
	delete(sums, key)
	return client.InvokeResult{Args: wamp.List{total}}
}

var uri = regexp.MustCompile(`wamp\.(error|close)\.[a-z_]+`)

// failure gives what the library returned as an ERROR of the line protocol.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var rpc client.RPCError
	if errors.As(err, &rpc) {
		return &line.Error{URI: string(rpc.Err.Error), Args: rpc.Err.Arguments, Kwargs: rpc.Err.ArgumentsKw}
	}
	if errors.Is(err, context.Canceled) {
		return &line.Error{URI: "wamp.error.canceled"}
	}
	// The URIs of other errors than those of calls are only in their text.
	if found := uri.FindString(err.Error()); found != "" {
		return &line.Error{URI: found, Args: []any{err.Error()}}
	}
	return err
}

// plain gives an id or URI without the library's type.
func plain(value any) any {
	switch value := value.(type) {
	case wamp.ID:
		return uint64(value)
	case wamp.URI:
		return string(value)
	}
	return value
}
