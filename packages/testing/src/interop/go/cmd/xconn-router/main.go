// The xconn-go router for the interop runner (README.md), on free ports.
package main

import (
	"log"
	"os"
	"os/signal"
	"syscall"

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
	err = made.AddRealm("realm1", &xconn.RealmConfig{
		AutoDiscloseCaller:    true,
		AutoDisclosePublisher: true,
		Meta:                  true,
		Roles:                 []xconn.RealmRole{{Name: "anonymous", Permissions: []xconn.Permission{everything}}},
	})
	if err != nil {
		log.Fatal("Cannot open realm1: ", err)
	}
	server := xconn.NewServer(made, nil, nil)
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
