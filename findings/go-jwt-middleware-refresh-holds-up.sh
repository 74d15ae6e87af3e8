#!/usr/bin/env bash
# auth0/go-jwt-middleware: the refresh of the key set "in the background" holds up every request but the one that starts it, and a refresh
# that fails throws the keys away.
#
# Seen with go-jwt-middleware v2.3.1, a CachingProvider that keeps the set for three seconds, and a good token:
#   the set is too old, and the next fetch takes long
#     the request that starts the fetch:   200, during the fetch
#     each later request:                  200, when the fetch has ended
#   that fetch ends with a 503 in plain text
#     three requests at once:              401 401 401, 3 fetches, 1 at a time
#   that fetch ends with a 503 and a JSON object
#     a request when all is well again:    401, 0 fetches
#     when that is too old, the second:    200, 1 fetch
#
# Its documentation says that the set which it has is used until there is a new one, so a good engineer would guess that a refresh costs
# nobody time. But the fetch holds the lock that each request needs to read the set. So while the key set's address is slow, so is the
# whole service, once in each lifetime of the set; if it does not answer at all, for 15 s, after which such a fetch is given up. Then
# there are no keys: each request fetches for itself, one after another, with no time limit of its own, and is a 401, upon which clients
# sign in again. The status is not looked at, so an error in JSON is a set without keys, and is kept for a lifetime. v2.2.1 does the same.
# Give the provider a client (WithCustomClient) that ends a fetch after a second or two and makes an error of every status but 200; or
# keep the set yourself: the validator takes any function that returns it.
#
# Runs in a folder of its own, with modules of the Go proxy. Needs Go 1.26. Exit code 0: it is still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	jose "gopkg.in/go-jose/go-jose.v2"
)

const lifetime = 3 * time.Second

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// The address of the key set. While `gate` is set, a fetch reports itself there and waits until it is let go.
type keySet struct {
	sync.Mutex
	status                     int
	body                       string
	gate                       chan chan struct{}
	fetches, atATime, mostEver int
}

func (s *keySet) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.Lock()
	s.fetches++
	s.atATime++
	s.mostEver = max(s.mostEver, s.atATime)
	gate := s.gate
	s.Unlock()
	if gate != nil {
		letGo := make(chan struct{})
		gate <- letGo
		<-letGo
	}
	s.Lock()
	defer s.Unlock()
	s.atATime--
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.status)
	fmt.Fprint(w, s.body)
}

func (s *keySet) answer(status int, body string, gate chan chan struct{}) {
	s.Lock()
	defer s.Unlock()
	s.status, s.body, s.gate = status, body, gate
	s.fetches, s.mostEver = 0, 0
}

func main() {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	public := jose.JSONWebKey{Key: &key.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}
	good := fmt.Sprintf(`{"keys":[%s]}`, must(public.MarshalJSON()))
	set := &keySet{status: 200, body: good}
	service := httptest.NewServer(set)
	issuer := must(url.Parse(service.URL))
	private := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}
	claims := fmt.Sprintf(`{"iss":%q,"aud":"api","exp":%d}`, service.URL, time.Now().Add(time.Hour).Unix())
	token := must(must(must(jose.NewSigner(private, nil)).Sign([]byte(claims))).CompactSerialize())

	provider := jwks.NewCachingProvider(issuer, lifetime, jwks.WithCustomJWKSURI(issuer))
	check := must(validator.New(provider.KeyFunc, validator.RS256, service.URL, []string{"api"}))
	api := jwtmiddleware.New(check.ValidateToken).CheckJWT(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ask := func() int {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		recorder := httptest.NewRecorder()
		api.ServeHTTP(recorder, request)
		return recorder.Code
	}

	// A fetch that takes long, and ends with what `end` says.
	slowFetch := func(status int, body string) (chan chan struct{}, chan struct{}) {
		time.Sleep(lifetime + 100*time.Millisecond)
		gate := make(chan chan struct{}, 10)
		set.answer(status, body, gate)
		if status := ask(); status != 200 {
			panic(status)
		}
		return gate, <-gate
	}

	if status := ask(); status != 200 {
		panic(status)
	}
	fmt.Println("the set is too old, and the next fetch takes long")
	_, letGo := slowFetch(200, good)
	fmt.Println("  the request that starts the fetch:   200, during the fetch")
	later := make(chan int, 1)
	go func() { later <- ask() }()
	select {
	case status := <-later:
		fmt.Printf("  each later request:                  %d, during the fetch\n", status)
	case <-time.After(2 * time.Second):
		close(letGo)
		fmt.Printf("  each later request:                  %d, when the fetch has ended\n", <-later)
	}

	fmt.Println("that fetch ends with a 503 in plain text")
	gate, letGo := slowFetch(503, "unavailable")
	close(letGo)
	time.Sleep(500 * time.Millisecond)
	set.answer(503, "unavailable", gate)
	three := make(chan int, 3)
	for range 3 {
		go func() { three <- ask() }()
	}
	for range 3 {
		letGo := <-gate
		time.Sleep(500 * time.Millisecond)
		close(letGo)
	}
	fmt.Printf("  three requests at once:              %d %d %d, %d fetches, %d at a time\n", <-three, <-three, <-three, set.fetches, set.mostEver)

	fmt.Println("that fetch ends with a 503 and a JSON object")
	set.answer(200, good, nil)
	if status := ask(); status != 200 {
		panic(status)
	}
	_, letGo = slowFetch(503, `{"error":"temporarily_unavailable"}`)
	close(letGo)
	time.Sleep(500 * time.Millisecond)
	set.answer(200, good, nil)
	fmt.Printf("  a request when all is well again:    %d, %d fetches\n", ask(), set.fetches)
	time.Sleep(lifetime)
	ask()
	time.Sleep(500 * time.Millisecond)
	fmt.Printf("  when that is too old, the second:    %d, %d fetch\n", ask(), set.fetches)
}
GO
export GOFLAGS=-mod=mod
{
  "$go" mod init check
  "$go" get github.com/auth0/go-jwt-middleware/v2@v2.3.1
  "$go" mod tidy
} 2>/dev/null
"$go" build -o check .
./check | tee seen
diff - seen <<'SEEN'
the set is too old, and the next fetch takes long
  the request that starts the fetch:   200, during the fetch
  each later request:                  200, when the fetch has ended
that fetch ends with a 503 in plain text
  three requests at once:              401 401 401, 3 fetches, 1 at a time
that fetch ends with a 503 and a JSON object
  a request when all is well again:    401, 0 fetches
  when that is too old, the second:    200, 1 fetch
SEEN
