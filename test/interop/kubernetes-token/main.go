// Makes a token of a service account, and the keys that verify it, by the API server's own code.
//
// kubernetes-token REQUEST: REQUEST is JSON, see below. Prints {"token", "jwks"}, the second as the API server shows it at
// /openid/v1/jwks.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/serviceaccount"
)

type request struct {
	Issuer            string
	Audiences         []string
	ExpirationSeconds int64
	Namespace         string
	Name              string
	UID               types.UID
	// RS256, ES256, ES384 or ES512: what follows from the kind of the API server's key.
	Alg string
}

type answer struct {
	Token string          `json:"token"`
	JWKS  json.RawMessage `json:"jwks"`
}

var curves = map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}

func newKey(alg string) (crypto.Signer, error) {
	if curve := curves[alg]; curve != nil {
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	if alg != "RS256" {
		return nil, fmt.Errorf("no such algorithm: %s", alg)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

// As for a projected token: bound to a pod.
func tokenFor(r request, key crypto.Signer) (string, error) {
	generator, err := serviceaccount.JWTTokenGenerator(r.Issuer, key)
	if err != nil {
		return "", err
	}
	named := func(name string, uid types.UID) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: r.Namespace, Name: name, UID: uid}
	}
	account := core.ServiceAccount{ObjectMeta: named(r.Name, r.UID)}
	pod := &core.Pod{ObjectMeta: named(r.Name+"-0", "5c43b4a1-7a9e-4d80-9b0a-1f7b1f6d2a10")}
	node := &core.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", UID: "0a4f8c1e-5f0e-4a2c-8f0b-2b7a3b9d4c21"}}
	public, private, err := serviceaccount.Claims(account, pod, nil, node, nil, nil, r.ExpirationSeconds, 0, r.Audiences, nil)
	if err != nil {
		return "", err
	}
	return generator.GenerateToken(context.Background(), public, private)
}

func jwksOf(issuer string, key crypto.Signer) ([]byte, error) {
	keys, err := serviceaccount.StaticPublicKeysGetter([]any{key})
	if err != nil {
		return nil, err
	}
	provider, err := serviceaccount.NewOpenIDMetadataProvider(issuer, "", "kubernetes.default.svc", keys)
	if err != nil {
		return nil, err
	}
	jwks, _ := provider.GetKeysetJSON()
	return jwks, nil
}

func run(text string) error {
	var r request
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	key, err := newKey(r.Alg)
	if err != nil {
		return err
	}
	token, err := tokenFor(r, key)
	if err != nil {
		return err
	}
	jwks, err := jwksOf(r.Issuer, key)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer{token, jwks})
}

// Of Kubernetes, as it is really in this executable.
func printVersion() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("it was built without modules")
	}
	for _, module := range info.Deps {
		if module.Path == "k8s.io/kubernetes" {
			fmt.Println(module.Path, module.Version)
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes-token REQUEST")
		os.Exit(2)
	}
	do := run
	if os.Args[1] == "--version" {
		do = func(string) error { return printVersion() }
	}
	if err := do(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
