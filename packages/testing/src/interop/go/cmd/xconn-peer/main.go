// The xconn-go client at the end of the line protocol (README.md): xconn-peer PORT websocket|rawsocket json|msgpack|cbor.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"sync"

	"github.com/xconnio/wampproto-go/auth"
	"github.com/xconnio/xconn-go"

	"crosspoint.example/interop/line"
)

var serializers = map[string]xconn.SerializerSpec{
	"json":    xconn.JSONSerializerSpec,
	"msgpack": xconn.MsgPackSerializerSpec,
	"cbor":    xconn.CBORSerializerSpec,
}

var (
	mutex         sync.Mutex
	sessions      = map[string]*xconn.Session{}
	subscriptions = map[string]xconn.SubscribeResponse{}
	registrations = map[string]xconn.RegisterResponse{}
)

func main() {
	line.Serve(line.Version("github.com/xconnio/xconn-go"), run)
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
		if err := session.Leave(); err != nil {
			return nil, err
		}
		return line.Answer{"reason": session.GoodBye().Reason}, nil
	case "subscribe":
		heard := func(event *xconn.Event) {
			details := map[string]any{"topic": command.Topic}
			for name, value := range event.Details() {
				details[name] = value
			}
			line.Event(command.Session, command.Topic, event.Args(), event.Kwargs(), details)
		}
		made := session.Subscribe(command.Topic, heard).Options(command.Options).Do()
		mutex.Lock()
		subscriptions[command.Session+" "+command.Topic] = made
		mutex.Unlock()
		return line.Answer{}, failure(made.Err)
	case "unsubscribe":
		mutex.Lock()
		made := subscriptions[command.Session+" "+command.Topic]
		mutex.Unlock()
		return line.Answer{}, failure(made.Unsubscribe())
	case "publish":
		err := session.Publish(command.Topic).Options(command.Options).Args(command.Args...).Kwargs(command.Kwargs).Do().Err
		if err == nil && command.Options["acknowledge"] == true {
			return nil, line.Unsupported("it does not tell the id of a publication")
		}
		return line.Answer{}, failure(err)
	case "register":
		return register(session, command)
	case "unregister":
		mutex.Lock()
		made := registrations[command.Session+" "+command.Procedure]
		mutex.Unlock()
		return line.Answer{}, failure(made.Unregister())
	case "call":
		return call(session, command)
	case "cancel":
		return nil, line.Unsupported("it cannot cancel calls")
	}
	return nil, fmt.Errorf("unknown command %q", command.Do)
}

func join(command line.Command) (line.Answer, error) {
	port, transport, serializer := os.Args[1], os.Args[2], os.Args[3]
	url := "ws://127.0.0.1:" + port + "/ws"
	if transport == "rawsocket" {
		url = "rs://127.0.0.1:" + port
	}
	authenticator, err := authenticatorOf(command.Login)
	if err != nil {
		return nil, err
	}
	client := xconn.Client{SerializerSpec: serializers[serializer], Authenticator: authenticator}
	session, err := client.Connect(context.Background(), url, command.Realm)
	if err != nil {
		return nil, failure(err)
	}
	mutex.Lock()
	sessions[command.Session] = session
	mutex.Unlock()
	return line.Answer{"id": session.ID()}, nil
}

// authenticatorOf gives what the session logs in with; nil for anonymous.
func authenticatorOf(login *line.Login) (auth.ClientAuthenticator, error) {
	if login == nil {
		return nil, nil
	}
	if login.ChannelBinding != "" {
		return nil, line.Unsupported("it has no channel binding")
	}
	switch login.Method {
	case "ticket":
		return auth.NewTicketAuthenticator(login.Authid, login.Secret, nil), nil
	case "wampcra":
		return auth.NewWAMPCRAAuthenticator(login.Authid, login.Secret, nil), nil
	case "cryptosign":
		return auth.NewCryptoSignAuthenticator(login.Authid, login.Secret, nil)
	case "anonymous":
		return nil, line.Unsupported("it offers one method only")
	}
	return nil, line.Unsupported("it has no SCRAM")
}

func register(session *xconn.Session, command line.Command) (line.Answer, error) {
	switch command.Run {
	case "slow":
		return nil, line.Unsupported("as a callee it announces call_canceling, but stops reading its session at an INTERRUPT")
	case "sum":
		return nil, line.Unsupported("as a callee it runs its handler for the chunks of a progressive call side by side, in any order")
	}
	made := session.Register(command.Procedure, procedure(command)).Options(command.Options).Do()
	mutex.Lock()
	registrations[command.Session+" "+command.Procedure] = made
	mutex.Unlock()
	return line.Answer{}, failure(made.Err)
}

func call(session *xconn.Session, command line.Command) (line.Answer, error) {
	if command.CancelMode != "" {
		return nil, line.Unsupported("it cannot cancel calls")
	}
	request := session.Call(command.Procedure).Options(command.Options).Args(command.Args...).Kwargs(command.Kwargs)
	progress := [][]any{}
	if command.Progress {
		request.ProgressReceiver(func(result *xconn.ProgressResult) { progress = append(progress, result.Args()) })
	}
	if command.Chunks != nil {
		next := 0
		request.ProgressSender(func(context.Context) *xconn.Progress {
			chunk := command.Chunks[next]
			next++
			options := map[string]any{}
			maps.Copy(options, command.Options)
			options["progress"] = next < len(command.Chunks)
			return &xconn.Progress{Args: chunk, Kwargs: command.Kwargs, Options: options}
		})
	}
	result := request.Do()
	if result.Err != nil {
		return nil, failure(result.Err)
	}
	return line.Answer{"args": result.Args(), "kwargs": result.Kwargs(), "progress": progress}, nil
}

func procedure(command line.Command) xconn.InvocationHandler {
	return func(_ context.Context, invocation *xconn.Invocation) *xconn.InvocationResult {
		switch command.Run {
		case "echo":
			return &xconn.InvocationResult{Args: invocation.Args(), Kwargs: invocation.Kwargs()}
		case "fail":
			return &xconn.InvocationResult{Err: "com.example.failed", Args: []any{"no", 7}, Kwargs: map[string]any{"code": 3}}
		case "answer":
			return xconn.NewInvocationResult(command.Answer)
		case "caller", "procedure":
			return xconn.NewInvocationResult(invocation.Details()[command.Run])
		case "count":
			last, err := invocation.ArgInt64(0)
			if err != nil {
				return xconn.NewInvocationError("peer.error", err.Error())
			}
			for n := int64(1); n <= last && invocation.SendProgress != nil; n++ {
				if err := invocation.SendProgress([]any{n}, nil); err != nil {
					return xconn.NewInvocationError("peer.error", err.Error())
				}
			}
			return xconn.NewInvocationResult("done")
		}
		return xconn.NewInvocationError("peer.error", "unknown behaviour "+command.Run)
	}
}

var uri = regexp.MustCompile(`wamp\.(error|close)\.[a-z_]+`)

// failure gives what the library returned as an ERROR of the line protocol.
func failure(err error) error {
	var known *xconn.Error
	if errors.As(err, &known) {
		return &line.Error{URI: known.URI, Args: known.Args, Kwargs: known.Kwargs}
	}
	if err != nil {
		// Why a session was refused is only in the text.
		if found := uri.FindString(err.Error()); found != "" {
			return &line.Error{URI: found, Args: []any{err.Error()}}
		}
	}
	return err
}
