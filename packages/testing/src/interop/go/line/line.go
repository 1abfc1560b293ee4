// Package line speaks the line protocol of the interop runner (README.md): commands in, answers and notices out.
package line

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// Command is one line of the runner.
type Command struct {
	ID         int64
	Do         string
	Session    string
	Realm      string
	Topic      string
	Procedure  string
	Run        string
	Mode       string
	CancelMode string `json:"cancel_mode"`
	Call       int64
	Progress   bool
	Options    map[string]any
	Args       []any
	Kwargs     map[string]any
	Chunks     [][]any
	Answer     any
	Login      *Login
}

// Login is what a session logs in with.
type Login struct {
	Method         string
	Authid         string
	Secret         string
	ChannelBinding string `json:"channel_binding"`
}

// Error is an ERROR of the router or callee, or what stands for one.
type Error struct {
	URI    string         `json:"uri"`
	Args   []any          `json:"args"`
	Kwargs map[string]any `json:"kwargs"`
}

func (e *Error) Error() string { return e.URI }

// Unsupported is what the library cannot do, in a sentence.
type Unsupported string

func (u Unsupported) Error() string { return string(u) }

// Answer is what a command gives.
type Answer map[string]any

var mutex sync.Mutex

// Say prints one line.
func Say(line map[string]any) {
	text, err := json.Marshal(line)
	if err != nil {
		text, _ = json.Marshal(map[string]any{"id": line["id"], "error": Error{URI: "peer.error", Args: []any{err.Error()}}})
	}
	mutex.Lock()
	defer mutex.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

// Event tells the runner about an event.
func Event(session, topic string, args []any, kwargs, details map[string]any) {
	Say(map[string]any{"event": topic, "session": session, "args": list(args), "kwargs": dict(kwargs), "details": dict(details)})
}

// Version is the version of a module that this program was built with.
func Version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}

// Serve carries out commands until stdin ends.
func Serve(version string, run func(Command) (Answer, error)) {
	Say(map[string]any{"ready": version})
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var command Command
		decoder := json.NewDecoder(strings.NewReader(scanner.Text()))
		decoder.UseNumber()
		if err := decoder.Decode(&command); err != nil {
			fmt.Fprintf(os.Stderr, "Cannot read the command %.200s: %v\n", scanner.Text(), err)
			continue
		}
		command.Options, _ = FromLine(command.Options).(map[string]any)
		command.Args, _ = FromLine(command.Args).([]any)
		command.Kwargs, _ = FromLine(command.Kwargs).(map[string]any)
		command.Answer = FromLine(command.Answer)
		for index, chunk := range command.Chunks {
			command.Chunks[index], _ = FromLine(chunk).([]any)
		}
		go answer(command, run)
	}
	if err := scanner.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "Cannot read commands:", err)
	}
}

func answer(command Command, run func(Command) (Answer, error)) {
	if command.Do == "keyring" {
		Say(map[string]any{"id": command.ID, "unsupported": "it has no encryption with cryptobox"})
		return
	}
	given, err := run(command)
	switch failed := err.(type) {
	case nil:
		Say(map[string]any{"id": command.ID, "ok": ToLine(map[string]any(given))})
	case Unsupported:
		Say(map[string]any{"id": command.ID, "unsupported": string(failed)})
	case *Error:
		Say(map[string]any{"id": command.ID, "error": Error{failed.URI, list(failed.Args), dict(failed.Kwargs)}})
	default:
		Say(map[string]any{"id": command.ID, "error": Error{"peer.error", []any{err.Error()}, map[string]any{}}})
	}
}

const maxSafe = 1<<53 - 1

// ToLine gives a value as it stands in a line.
func ToLine(value any) any {
	switch value := value.(type) {
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(value)}
	case int64:
		if value > maxSafe || value < -maxSafe {
			return map[string]any{"$int": fmt.Sprint(value)}
		}
	case uint64:
		if value > maxSafe {
			return map[string]any{"$int": fmt.Sprint(value)}
		}
	case *big.Int:
		return map[string]any{"$int": value.String()}
	case big.Int: // CBOR has integers beyond 64 bits
		return map[string]any{"$int": value.String()}
	case []any:
		return list(value)
	case [][]any:
		lists := make([]any, len(value))
		for index, item := range value {
			lists[index] = list(item)
		}
		return lists
	case map[string]any:
		return dict(value)
	case map[any]any:
		texts := map[string]any{}
		for name, item := range value {
			texts[fmt.Sprint(name)] = ToLine(item)
		}
		return texts
	}
	return value
}

func list(values []any) []any {
	made := make([]any, len(values))
	for index, value := range values {
		made[index] = ToLine(value)
	}
	return made
}

func dict(values map[string]any) map[string]any {
	made := map[string]any{}
	for name, value := range values {
		made[name] = ToLine(value)
	}
	return made
}

// FromLine gives the value that stands in a line.
func FromLine(value any) any {
	switch value := value.(type) {
	case json.Number:
		return number(value.String())
	case []any:
		made := make([]any, len(value))
		for index, item := range value {
			made[index] = FromLine(item)
		}
		return made
	case map[string]any:
		if digits, ok := value["$int"].(string); ok {
			return number(digits)
		}
		if text, ok := value["$bytes"].(string); ok {
			bytes, _ := base64.StdEncoding.DecodeString(text)
			return bytes
		}
		made := map[string]any{}
		for name, item := range value {
			made[name] = FromLine(item)
		}
		return made
	}
	return value
}

// number gives an integer where 64 bits hold it.
func number(text string) any {
	if signed, err := strconv.ParseInt(text, 10, 64); err == nil {
		return signed
	}
	if unsigned, err := strconv.ParseUint(text, 10, 64); err == nil {
		return unsigned
	}
	float, _ := strconv.ParseFloat(text, 64)
	return float
}
