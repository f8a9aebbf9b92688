// What test/bench/schedules.cpp measures, by Go's robfig/cron: the same expressions from the same
// instants. Usage: robfig [ROUNDS [QUESTIONS]]
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/robfig/cron"
)

// It reads the weekday of "0 0 29 2 */7" as restricted, so that one is another question there.
var expressions = []string{"*/15 * * * *", "30 2 * * *", "0 9 * * MON-FRI", "0 0 1 * *", "0 0 29 2 *"}

var sink int64

func numberOr(at int, otherwise int) int {
	if at < len(os.Args) {
		if n, err := strconv.Atoi(os.Args[at]); err == nil && n > 0 {
			return n
		}
	}
	return otherwise
}

func measure(what, zone, text string, rounds int, asked []time.Time, ask func(time.Time) int64) {
	var each []float64
	for round := 0; round < rounds; round++ {
		begin := time.Now()
		for _, t := range asked {
			sink += ask(t)
		}
		each = append(each, float64(time.Since(begin).Nanoseconds())/float64(len(asked)))
	}
	sort.Float64s(each)
	fmt.Printf("%-10s %-13s %6.0f ns  %s\n", what, zone, each[rounds/2], text)
}

func parse(text string) cron.Schedule {
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		panic(err)
	}
	return schedule
}

func main() {
	rounds, questions := numberOr(1, 21), int64(numberOr(2, 2000))
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	width := time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC).Sub(first)

	for _, zone := range []string{"UTC", "Europe/Berlin"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		var asked []time.Time
		for i := int64(0); i < questions; i++ {
			at := width / time.Duration(questions) * time.Duration(i*769%questions)
			asked = append(asked, first.Add(at).In(location))
		}
		for _, text := range expressions {
			schedule := parse(text)
			measure("next_after", zone, text, rounds, asked, func(t time.Time) int64 {
				return schedule.Next(t).Unix()
			})
		}
		if zone != "UTC" {
			continue
		}
		for _, text := range expressions {
			measure("parse", "-", text, rounds, asked, func(time.Time) int64 {
				parse(text)
				return 1
			})
		}
	}
}
