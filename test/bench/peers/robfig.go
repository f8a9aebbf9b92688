// Jobs on Go's robfig/cron, each a request by net/http. The arguments are those of every peer:
// see test/bench/compare/peers.py.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/robfig/cron"
)

var (
	port        = flag.Int("port", 0, "where the target listens, on 127.0.0.1")
	jobs        = flag.Int("jobs", 1, "how many jobs")
	every       = flag.Int64("every", 0, "milliseconds from one instant of a job to its next")
	groups      = flag.Int64("groups", 1, "how many groups of jobs, spread over that time")
	at          = flag.Int64("at", 0, "the one instant of all jobs, in Unix seconds")
	expression  = flag.String("cron", "", "the cron expression of all jobs")
	seconds     = flag.Int("seconds", 60, "when to end")
	connections = flag.Int("connections", 100, "how many requests at a time")
	logFile     = flag.String("log", os.DevNull, "a line a run")
)

// phased is due at the multiples of `every`, and `phase` after them. robfig's own ConstantDelaySchedule
// knows whole seconds only.
type phased struct{ every, phase time.Duration }

func (p phased) Next(t time.Time) time.Time {
	return p.latest(t).Add(p.every)
}

func (p phased) latest(t time.Time) time.Time {
	since := time.Duration(t.UnixNano()) - p.phase
	return time.Unix(0, int64(since/p.every*p.every+p.phase))
}

// once is due at one instant.
type once struct{ at time.Time }

func (o once) Next(t time.Time) time.Time {
	if t.Before(o.at) {
		return o.at
	}
	return time.Time{}
}

type sender struct {
	client *http.Client
	slots  chan struct{}
	url    string
	log    *log.Logger
}

func newSender() *sender {
	file, err := os.OpenFile(*logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	return &sender{
		client: &http.Client{
			Timeout:   60 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: *connections, MaxConnsPerHost: *connections},
		},
		slots: make(chan struct{}, *connections),
		url:   fmt.Sprintf("http://127.0.0.1:%d/run", *port),
		log:   log.New(file, "", log.LstdFlags|log.Lmicroseconds),
	}
}

func (s *sender) send(name string, instant time.Time) {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	request, err := http.NewRequest("POST", s.url, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Carillon-Job", name)
	request.Header.Set("Carillon-Scheduled-At", instant.UTC().Format("2006-01-02T15:04:05.000000Z"))
	begun := time.Now()
	reply, err := s.client.Do(request)
	if err != nil {
		s.log.Printf("%s: %v", name, err)
		return
	}
	io.Copy(io.Discard, reply.Body)
	reply.Body.Close()
	s.log.Printf("%s: %d in %v", name, reply.StatusCode, time.Since(begun))
}

// add gives the scheduler its job number i. The library does not tell a job its instant: it is the
// latest one when the job begins.
func add(c *cron.Cron, s *sender, i int) {
	name := fmt.Sprintf("tenant-%07d-refresh", i)
	switch {
	case *expression != "":
		if _, err := c.AddFunc(*expression, func() { s.send(name, time.Now()) }); err != nil {
			log.Fatal(err)
		}
	case *at != 0:
		instant := time.Unix(*at, 0)
		c.Schedule(once{instant}, cron.FuncJob(func() { s.send(name, instant) }))
	default:
		period := time.Duration(*every) * time.Millisecond
		when := phased{period, period / time.Duration(*groups) * time.Duration(int64(i)%*groups)}
		c.Schedule(when, cron.FuncJob(func() { s.send(name, when.latest(time.Now())) }))
	}
}

func main() {
	flag.Parse()
	c := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	s := newSender()
	for i := 0; i < *jobs; i++ {
		add(c, s, i)
	}
	c.Start()
	c.Entries() // answered once the scheduler has worked out all instants
	fmt.Println("ready")
	time.Sleep(time.Duration(*seconds) * time.Second)
}
