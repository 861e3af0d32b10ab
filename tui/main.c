/* The program: options, then a command or the full screen. */
int main(void)
{
    return 0;
}
