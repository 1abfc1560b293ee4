// The nexus router for the interop runner (README.md), on free ports.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/gammazero/nexus/v3/router"

	"crosspoint.example/interop/line"
)

func main() {
	realm := &router.RealmConfig{URI: "realm1", AnonymousAuth: true, AllowDisclose: true, EnableMetaKill: true}
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

func portOf(listener io.Closer) int {
	return listener.(net.Listener).Addr().(*net.TCPAddr).Port
}
