package line

import (
	"encoding/json"
	"fmt"
	"os"
)

// Principals are those who may log in, as Crossbar.io's configuration has them.
type Principals struct {
	Ticket struct {
		Principals map[string]struct {
			Ticket string
			Role   string
		}
	}
	Wampcra struct {
		Users map[string]struct {
			Secret     string
			Salt       string
			Iterations int
			Keylen     int
			Role       string
		}
	}
	Cryptosign struct {
		Principals map[string]struct {
			AuthorizedKeys []string `json:"authorized_keys"`
			Role           string
		}
	}
}

// ReadPrincipals reads the argument of a router.
func ReadPrincipals() (Principals, error) {
	var principals Principals
	if len(os.Args) != 2 {
		return principals, fmt.Errorf("one argument expected: who may log in, in JSON; there are %d", len(os.Args)-1)
	}
	return principals, json.Unmarshal([]byte(os.Args[1]), &principals)
}
