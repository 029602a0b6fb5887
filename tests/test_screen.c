#include "config.h"
#include <stdio.h>
#include <string.h>
#include "tests/ui_fake.h"
int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "show") == 0)
		return fake_run(argv[2], argv[3]);
	return 0;
}
