// A gateway that grpc-gateway generates from the contracts, as docs/gateways.md describes it. The first line that it prints
// is its address; it ends when its standard input does.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	// Of what refusals are made. Without it they cannot be written, and each would be a 500.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"

	availability "slotwright.example/grpc-gateway/gen/availability/v1"
	booking "slotwright.example/grpc-gateway/gen/booking/v1"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The arguments are the gRPC ports of both services, host:port.
func run(availabilityAddress, bookingAddress string) error {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions:   protojson.MarshalOptions{EmitUnpopulated: true},
			UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: false},
		}),
		runtime.WithIncomingHeaderMatcher(func(name string) (string, bool) {
			if name == "Traceparent" {
				return "traceparent", true
			}
			return runtime.DefaultHeaderMatcher(name)
		}),
	)
	plain := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	ctx := context.Background()
	if err := availability.RegisterUserServiceHandlerFromEndpoint(ctx, mux, availabilityAddress, plain); err != nil {
		return err
	}
	if err := availability.RegisterAvailabilityServiceHandlerFromEndpoint(ctx, mux, availabilityAddress, plain); err != nil {
		return err
	}
	if err := booking.RegisterBookingServiceHandlerFromEndpoint(ctx, mux, bookingAddress, plain); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, mux)
}
