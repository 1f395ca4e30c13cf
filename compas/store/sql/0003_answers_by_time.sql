-- Answers are forgotten by their age.
CREATE INDEX requests_by_time ON requests (at);
