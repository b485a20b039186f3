package worker_test

func daemon() {}
