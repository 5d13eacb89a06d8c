"""The command line: one short file per verb.

```
main        the program: commands, exit codes, errors as one line
options     what several commands share
records     options → the record to learn from
output      one JSON object on standard output, or words
progress    training as a bar, or as plain lines
```
"""
