package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/pkg/authentication/token/cache"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
)

// As kube-apiserver reads what --authentication-config names.
func readAuthenticationConfiguration(file string) (*apiserver.AuthenticationConfiguration, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	decoded, err := runtime.Decode(codecs.UniversalDecoder(), text)
	if err != nil {
		return nil, err
	}
	configuration, ok := decoded.(*apiserver.AuthenticationConfiguration)
	if !ok {
		return nil, fmt.Errorf("%s has a %T", file, decoded)
	}
	wrong := validation.ValidateAuthenticationConfiguration(cel.NewDefaultCompiler(), configuration, nil)
	return configuration, wrong.ToAggregate()
}

// As kube-apiserver makes the authenticator, with its cache of ten seconds for tokens that were good.
func newKubernetes(ctx context.Context, words []string) (verifier, error) {
	configuration, err := readAuthenticationConfiguration(words[0])
	if err != nil {
		return nil, err
	}
	if len(configuration.JWT) != 1 {
		return nil, fmt.Errorf("%s has %d issuers", words[0], len(configuration.JWT))
	}
	options := oidc.Options{JWTAuthenticator: configuration.JWT[0], SupportedSigningAlgs: oidc.AllValidSigningAlgorithms()}
	if own := configuration.JWT[0].Issuer.CertificateAuthority; own != "" {
		content, err := dynamiccertificates.NewStaticCAContent("oidc-authenticator", []byte(own))
		if err != nil {
			return nil, err
		}
		options.CAContentProvider = content
	}
	one, err := oidc.New(ctx, options)
	if err != nil {
		return nil, err
	}
	for one.HealthCheck() != nil {
		time.Sleep(10 * time.Millisecond)
	}
	all := cache.New(one, true, 10*time.Second, 0)
	return func(token string) (answer, error) {
		response, ok, err := all.AuthenticateToken(ctx, token)
		if err != nil {
			return answer{}, err
		}
		if !ok {
			return answer{}, fmt.Errorf("the token is of another issuer")
		}
		return answer{User: response.User.GetName(), Groups: response.User.GetGroups()}, nil
	}, nil
}
