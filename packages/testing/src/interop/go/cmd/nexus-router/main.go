// The nexus router for the interop runner (README.md), on free ports.
package main

import (
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/gammazero/nexus/v3/router"
	"github.com/gammazero/nexus/v3/router/auth"

	"crosspoint.example/interop/line"
)

func main() {
	principals, err := line.ReadPrincipals()
	if err != nil {
		log.Fatal("Cannot read who may log in: ", err)
	}
	keys := &keyStore{principals}
	realm := &router.RealmConfig{
		URI:            "realm1",
		AnonymousAuth:  true,
		AllowDisclose:  true,
		EnableMetaKill: true,
		Authenticators: []auth.Authenticator{
			auth.NewTicketAuthenticator(keys, 0),
			auth.NewCRAuthenticator(keys, 0),
			auth.NewCryptoSignAuthenticator(keys, 0),
		},
	}
	made, err := router.NewRouter(&router.Config{RealmConfigs: []*router.RealmConfig{realm}}, log.New(io.Discard, "", 0))
	if err != nil {
		log.Fatal("Cannot start the nexus router: ", err)
	}
	websocket, err := router.NewWebsocketServer(made).ListenAndServe("127.0.0.1:0")
	if err != nil {
		log.Fatal("Cannot listen for WebSocket: ", err)
	}
	rawsocket, err := router.NewRawSocketServer(made).ListenAndServe("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal("Cannot listen for RawSocket: ", err)
	}
	line.Say(map[string]any{
		"ready":     line.Version("github.com/gammazero/nexus/v3"),
		"websocket": portOf(websocket),
		"rawsocket": portOf(rawsocket),
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
	made.Close()
}

// A keyStore tells the library who may log in.
type keyStore struct {
	principals line.Principals
}

var errNobody = errors.New("nobody is called so")

func (keys *keyStore) AuthKey(authid, authmethod string) ([]byte, error) {
	switch authmethod {
	case "ticket":
		if found, known := keys.principals.Ticket.Principals[authid]; known {
			return []byte(found.Ticket), nil
		}
	case "wampcra":
		if found, known := keys.principals.Wampcra.Users[authid]; known {
			return []byte(found.Secret), nil
		}
	case "cryptosign":
		if found, known := keys.principals.Cryptosign.Principals[authid]; known {
			return hex.DecodeString(found.AuthorizedKeys[0])
		}
	}
	return nil, errNobody
}

func (keys *keyStore) PasswordInfo(authid string) (string, int, int) {
	found := keys.principals.Wampcra.Users[authid]
	return found.Salt, found.Keylen, found.Iterations
}

func (keys *keyStore) AuthRole(authid string) (string, error) {
	if found, known := keys.principals.Wampcra.Users[authid]; known {
		return found.Role, nil
	}
	return "", errNobody
}

func (keys *keyStore) Provider() string { return "static" }

func portOf(listener io.Closer) int {
	return listener.(net.Listener).Addr().(*net.TCPAddr).Port
}
