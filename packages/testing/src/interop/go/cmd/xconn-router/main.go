// The xconn-go router for the interop runner (README.md), on free ports.
package main

import (
	"crypto/subtle"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/xconnio/wampproto-go/auth"
	"github.com/xconnio/xconn-go"

	"crosspoint.example/interop/line"
)

func main() {
	made, err := xconn.NewRouter(&xconn.RouterConfig{LogLevel: xconn.LogLevelError})
	if err != nil {
		log.Fatal("Cannot start the xconn router: ", err)
	}
	everything := xconn.Permission{
		URI: "", MatchPolicy: "prefix", AllowCall: true, AllowPublish: true, AllowRegister: true, AllowSubscribe: true,
	}
	principals, err := line.ReadPrincipals()
	if err != nil {
		log.Fatal("Cannot read who may log in: ", err)
	}
	err = made.AddRealm("realm1", &xconn.RealmConfig{
		AutoDiscloseCaller:    true,
		AutoDisclosePublisher: true,
		Meta:                  true,
		Roles: []xconn.RealmRole{
			{Name: "anonymous", Permissions: []xconn.Permission{everything}},
			{Name: "user", Permissions: []xconn.Permission{everything}},
		},
	})
	if err != nil {
		log.Fatal("Cannot open realm1: ", err)
	}
	server := xconn.NewServer(made, &authenticator{principals}, nil)
	websocket, err := server.ListenAndServeWebSocket(xconn.NetworkTCP, "127.0.0.1:0")
	if err != nil {
		log.Fatal("Cannot listen for WebSocket: ", err)
	}
	rawsocket, err := server.ListenAndServeRawSocket(xconn.NetworkTCP, "127.0.0.1:0")
	if err != nil {
		log.Fatal("Cannot listen for RawSocket: ", err)
	}
	line.Say(map[string]any{
		"ready":     line.Version("github.com/xconnio/xconn-go"),
		"websocket": websocket.Port(),
		"rawsocket": rawsocket.Port(),
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
	made.Close()
}

// An authenticator tells the library who may log in.
type authenticator struct {
	principals line.Principals
}

var errRefused = errors.New("refused")

func (a *authenticator) Methods() []auth.Method {
	return []auth.Method{auth.Anonymous, auth.Ticket, auth.WAMPCRA, auth.CryptoSign}
}

func (a *authenticator) Authenticate(request auth.Request) (auth.Response, error) {
	authid := request.AuthID()
	switch request := request.(type) {
	case *auth.TicketRequest:
		found, known := a.principals.Ticket.Principals[authid]
		if known && subtle.ConstantTimeCompare([]byte(found.Ticket), []byte(request.Ticket())) == 1 {
			return auth.NewResponse(authid, found.Role, 0)
		}
		return nil, errRefused
	case *auth.RequestCryptoSign:
		found, known := a.principals.Cryptosign.Principals[authid]
		if known && found.AuthorizedKeys[0] == request.PublicKey() {
			return auth.NewResponse(authid, found.Role, 0)
		}
		return nil, errRefused
	}
	switch request.AuthMethod() {
	case auth.Anonymous:
		return auth.NewResponse("anonymous", "anonymous", 0)
	case auth.WAMPCRA:
		found, known := a.principals.Wampcra.Users[authid]
		if !known {
			return nil, errRefused
		}
		if found.Salt == "" {
			return auth.NewCRAResponse(authid, found.Role, found.Secret, 0), nil
		}
		return auth.NewCRAResponseSalted(authid, found.Role, found.Secret, found.Salt, found.Iterations, found.Keylen, 0), nil
	}
	return nil, errRefused
}
